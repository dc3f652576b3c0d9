"""What counts as drift in nested records, and which names are new."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quanyu.contracts import Entity, Mode, Page, Personal, Window
from quanyu.errors import ConfigurationError
from quanyu.landing.drift import Shape


def _nothing(client: Any, window: Window) -> Iterator[Page]:
    yield Page([])


def _shape(fields: Mapping[str, str], **declared: Any) -> Shape:
    declared = {"key": ("id",)} | declared
    return Shape(
        Entity(name="rows", mode=Mode.INCREMENT, fields={"id": "integer"} | dict(fields), read=_nothing, **declared)
    )


def _found(shape: Shape, record: Any) -> tuple[list[str], set[str]]:
    unknown: set[str] = set()
    return shape.check(record, unknown), unknown


ORDER = {"orders.order[].oid": "integer", "orders.order[].note": "text?"}


@pytest.mark.parametrize(
    ("record", "problems"),
    [
        ({"id": 1, "orders": {"order": [{"oid": 1, "note": None}, {"oid": 2}]}}, []),
        ({"id": 1, "orders": {"order": []}}, []),
        ({"id": 1}, ["orders: missing"]),
        ({"id": 1, "orders": None}, ["orders: null, expected object"]),
        ({"id": 1, "orders": {}}, ["orders.order: missing"]),
        ({"id": 1, "orders": {"order": {"oid": 1}}}, ["orders.order: expected array, got object"]),
        ({"id": 1, "orders": {"order": [{"oid": 1}, {"note": "x"}]}}, ["orders.order[].oid: missing"]),
        ({"id": 1, "orders": {"order": [7]}}, ["orders.order[]: expected object, got integer"]),
        ({"id": 1, "orders": {"order": [{"oid": 1.5}]}}, ["orders.order[].oid: expected integer, got number"]),
        ({"orders": {"order": []}}, ["id: missing"]),
        ([], [": expected object, got array", "id: empty, and rows are told apart by it"]),
    ],
)
def test_what_is_required_below_makes_its_place_required(record: Any, problems: list[str]) -> None:
    """Lists may be empty; their items may not lack a declared field. Each problem names its path and no value."""
    assert _found(_shape(ORDER), record)[0] == problems


def test_an_optional_place_may_be_absent_with_all_below() -> None:
    """Declared optional, or with nothing required below."""
    for fields in ({"who": "object?", "who.name": "text"}, {"who.name": "text?"}):
        assert _found(_shape(fields), {"id": 1})[0] == []
        assert _found(_shape(fields), {"id": 1, "who": None})[0] == []
    assert _found(_shape({"who": "object?", "who.name": "text"}), {"id": 1, "who": {}})[0] == ["who.name: missing"]


def test_new_names_are_found_at_every_depth_but_not_inside_open_objects() -> None:
    """An object or list without declared members may hold what it likes."""
    shape = _shape(ORDER | {"extra": "object", "tags": "array"})
    record = {
        "id": 1,
        "new": 1,
        "extra": {"a": 1},
        "tags": [{"b": 1}],
        "orders": {"x": 1, "order": [{"oid": 1, "y": 2}]},
    }
    assert _found(shape, record) == ([], {"new", "orders.x", "orders.order[].y"})


def test_a_number_may_be_whole_and_a_boolean_is_neither() -> None:
    """JSON has one kind of number; Python's bool is an int."""
    shape = _shape({"share": "number"})
    assert _found(shape, {"id": 1, "share": 1})[0] == []
    assert _found(shape, {"id": 1, "share": True})[0] == ["share: expected number, got boolean"]


@pytest.mark.parametrize("declared", ["string", "text??", ""])
def test_an_unknown_type_is_refused(declared: str) -> None:
    """A typo in a declaration would otherwise check nothing."""
    with pytest.raises(ConfigurationError, match="declares amount"):
        _shape({"amount": declared})


def test_the_key_joins_its_parts_also_from_nested_places() -> None:
    """A version is taken as text."""
    shape = _shape({"who.id": "text", "at": "integer"}, key=("who.id", "id"), version="at")
    record = {"id": 7, "who": {"id": "a"}, "at": 1700000000}
    assert (shape.key(record), shape.version(record)) == ("a|7", "1700000000")
    assert _found(shape, {"id": 7, "who": {"id": ""}, "at": 1})[0] == ["who.id: empty, and rows are told apart by it"]


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["name", "phones", "a"]), inner, max_size=3)
    ),
    max_leaves=12,
)


@given(json_values, json_values)
def test_whatever_stands_in_a_personal_place_leaves_as_tokens(name: Any, phones: Any) -> None:
    """Any type, any nesting: nothing but tokens, nulls and lists of them remains, and the record given is unchanged."""
    shape = _shape({}, personal={"who.name": Personal.NAME, "who.phones[]": Personal.PHONE, "note": Personal.TEXT})
    record = {"id": 1, "who": {"name": name, "phones": [phones]}, "note": phones}
    before = repr(record)
    clean = shape.tokenised(record, lambda kind, _: f"<{kind}>")

    def leaves(value: Any) -> Iterator[Any]:
        if isinstance(value, list):
            for item in value:
                yield from leaves(item)
        else:
            yield value

    assert set(leaves(clean["who"]["name"])) <= {None, "<name>"}
    assert set(leaves(clean["who"]["phones"])) <= {None, "<phone>"}
    assert set(leaves(clean["note"])) <= {None, "<text>"}
    assert repr(record) == before


names = st.sampled_from(["id", "at", "who", "lines", "n", "x", "y"])
records = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(0, 3)
    | st.integers(2**62, 2**70)
    | st.floats()
    | st.sampled_from(["", "a"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=5),
    max_leaves=15,
)
likely = st.fixed_dictionaries(
    {"id": st.sampled_from([1, 2, "", None]), "lines": st.lists(st.fixed_dictionaries({"n": records}), max_size=2)},
    optional={"at": records, "who": st.none() | st.dictionaries(names, records, max_size=2), "x": records},
)


@given(st.lists(likely | records, min_size=1, max_size=6))
def test_the_fast_look_never_passes_what_the_careful_one_would_stop_at(rows: list[Any]) -> None:
    """Whatever came before: a record that fits has no problem and no name that was not reported already."""
    shape = _shape(
        {"at": "text?", "who.x": "number?", "who.y": "boolean?", "lines[].n": "integer", "extra": "object?"},
        key=("id", "who.x"),
    )
    reported: set[str] = set()
    for row in rows:
        is_fit = shape.fits(row)
        problems, unknown = _found(shape, row)
        assert not (is_fit and (problems or unknown - reported))
        assert shape.fits(row) or problems, "what had no problem is known from then on"
        reported |= unknown


def test_objects_keyed_by_ids_do_not_fill_the_memory() -> None:
    """A thousand records, each with a name of its own: all are looked at with care, none is forgotten or refused."""
    shape = _shape({"by_day": "object?"})
    unknown: set[str] = set()
    for number in range(1000):
        assert shape.check({"id": 1, f"n{number}": 1}, unknown) == []
    assert len(unknown) == 1000
    assert not shape.fits({"id": 1, "n999": 1})
    assert shape.fits({"id": 1, "n0": 1})
