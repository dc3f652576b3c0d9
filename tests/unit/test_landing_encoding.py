"""The fast form of a record and the careful one are the same bytes, so that raw does not change with either."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quanyu.landing.encoding import encoded, encoded_fast

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(st.dictionaries(st.text(), VALUES))
@settings(max_examples=400, deadline=None)
def test_both_forms_are_the_same_bytes(record: dict[str, Any]) -> None:
    assert encoded_fast(record) == encoded(record)


@given(st.dictionaries(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00")), VALUES))
@settings(max_examples=200, deadline=None)
def test_what_was_encoded_is_what_json_reads(record: dict[str, Any]) -> None:
    data = encoded_fast(record)
    if b"\\u0000" not in json.dumps(record).encode() and "\\ud" not in json.dumps(record).lower():
        assert json.loads(data) == record


@pytest.mark.parametrize(
    ("record", "said"),
    [
        ({"b": 1, "a": "甲"}, '{"a":"甲","b":1}'),
        ({"id": 2**80}, '{"id":1208925819614629174706176}'),
        ({"a": "x\x00y"}, '{"a":"xy"}'),
        ({"a": "cut \ud83d"}, '{"a":"cut ?"}'),
        ({"a": 'tab\t"\\'}, '{"a":"tab\\t\\"\\\\"}'),
    ],
)
def test_a_record_has_one_form(record: dict[str, Any], said: str) -> None:
    assert encoded_fast(record) == encoded(record) == said.encode()


@pytest.mark.parametrize("number", [float("nan"), float("inf"), float("-inf")])
def test_what_json_cannot_say_is_not_said(number: float) -> None:
    assert encoded({"a": [number]}) is None
