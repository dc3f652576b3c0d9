"""What reads as a declared type, and what does not: nothing is guessed and no digit gets lost."""

from __future__ import annotations

import json
import math
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quanyu.declared.values import Unreadable, converter, exact_json, plain

SHANGHAI = ZoneInfo("Asia/Shanghai")
BERLIN = ZoneInfo("Europe/Berlin")


def value(kind: str, given_as: Any, zone: ZoneInfo = SHANGHAI) -> Any:
    return converter(kind, zone)(given_as)


READS = [
    ("text", "007", "007"),
    ("text", " as it is ", " as it is "),
    ("text", 13812345678, "13812345678"),
    ("text", 12345.0, "12345"),
    ("text", Decimal("1.10"), "1.10"),
    ("text", date(2026, 11, 20), "2026-11-20"),
    ("text", time(8, 5), "08:05:00"),
    ("text", "E1+10", "E1+10"),
    ("integer", "42", 42),
    ("integer", " +42 ", 42),
    ("integer", "-7", -7),
    ("integer", "12.00", 12),
    ("integer", 12.0, 12),
    ("integer", Decimal("12.0"), 12),
    ("integer", str(2**63 + 1), 2**63 + 1),
    ("integer", 2**53 + 1, 2**53 + 1),
    ("number", "0.10", "0.10"),
    ("number", "1,234,567.80", "1234567.80"),
    ("number", "-1,234", "-1234"),
    ("number", "1E+3", "1000"),
    ("number", "1e-3", "0.001"),
    ("number", 0.1, "0.1"),
    ("number", 19, "19"),
    ("number", Decimal("9999999999999999.99"), "9999999999999999.99"),
    ("number", "0", "0"),
    ("boolean", "是", True),
    ("boolean", "N", False),
    ("boolean", 1, True),
    ("boolean", False, False),
    ("date", "2026-11-20", "2026-11-20"),
    ("date", "2026/1/5", "2026-01-05"),
    ("date", "2026.01.05", "2026-01-05"),
    ("date", "2026年1月5日", "2026-01-05"),
    ("date", "20261120", "2026-11-20"),
    ("date", 20261120, "2026-11-20"),
    ("date", "2026-11-20 23:59:59", "2026-11-20"),
    ("date", "2026-11-20T20:00:00Z", "2026-11-21"),
    ("date", date(2026, 11, 20), "2026-11-20"),
    ("date", datetime(2026, 11, 20, 12), "2026-11-20"),  # noqa: DTZ001
    ("date", datetime(2026, 11, 20, 20, tzinfo=UTC), "2026-11-21"),
    ("time", "2026-11-20 08:05:00", "2026-11-20T08:05:00+08:00"),
    ("time", "2026-11-20T08:05", "2026-11-20T08:05:00+08:00"),
    ("time", "2026/1/5 8:05", "2026-01-05T08:05:00+08:00"),
    ("time", "2026-1-5 8:05:09", "2026-01-05T08:05:09+08:00"),
    ("time", "2026年1月5日 8:05", "2026-01-05T08:05:00+08:00"),
    ("time", "20261120080500", "2026-11-20T08:05:00+08:00"),
    ("time", "20261120T080500Z", "2026-11-20T16:05:00+08:00"),
    ("time", "2026-11-20", "2026-11-20T00:00:00+08:00"),
    ("time", "2026-11-20T00:05:00Z", "2026-11-20T08:05:00+08:00"),
    ("time", "2026-11-20T08:05:00.120+0900", "2026-11-20T07:05:00.120000+08:00"),
    ("time", "2026-11-20 08:05:00.123456789", "2026-11-20T08:05:00.123456+08:00"),
    ("time", datetime(2026, 11, 20, 8, tzinfo=timezone(timedelta(hours=9))), "2026-11-20T07:00:00+08:00"),
    ("time", datetime(2026, 11, 20, 8), "2026-11-20T08:00:00+08:00"),  # noqa: DTZ001
    ("time", "9999-12-31 23:59:59", "9999-12-31T23:59:59+08:00"),
    ("object", '{"a": 1.10}', {"a": "1.10"}),
    ("object", {"a": Decimal("1.10"), "b": [date(2026, 11, 20)]}, {"a": "1.10", "b": ["2026-11-20"]}),
    ("array", "[1, 2]", [1, 2]),
    ("array", (1, 0.5), [1, "0.5"]),
]

DRIFT = [
    ("text", True),
    ("text", 1.5),
    ("text", b"x"),
    ("text", {"a": 1}),
    ("text", math.nan),
    ("integer", "1.5"),
    ("integer", 1.5),
    ("integer", True),
    ("integer", ""),
    ("integer", "about 3"),
    ("integer", "9" * 5000),
    ("integer", math.inf),
    ("integer", math.nan),
    ("integer", datetime(2026, 11, 20)),  # noqa: DTZ001
    ("number", "12,50"),
    ("number", "1,23,456"),
    ("number", "1_000"),
    ("number", "¥5"),
    ("number", "NaN"),
    ("number", math.nan),
    ("number", "Infinity"),
    ("number", "-inf"),
    ("number", "sNaN"),
    ("number", "1e999999999"),
    ("number", "0e-999999999"),
    ("number", False),
    ("boolean", "maybe"),
    ("boolean", 2),
    ("date", "2026-13-01"),
    ("date", "2026-11-20 garbage"),
    ("date", "2026-11"),
    ("date", "2026111"),
    ("date", "2026-11/20"),
    ("date", "45981"),
    ("date", 46346.0),
    ("date", "20.11.2026"),
    ("time", "2026-11-20 24:00:00"),
    ("time", "2026-11-20 8"),
    ("time", "2026-11-2012:00"),
    ("time", "2026112001234"),
    ("time", "1763654398"),
    ("time", "1609123140000"),
    ("time", "0000-00-00 00:00:00"),
    ("time", "9999-12-31T23:59:59Z"),
    ("time", "yesterday"),
    ("object", "[1]"),
    ("object", "{"),
    ("object", '{"a": NaN}'),
    ("array", "{}"),
    ("array", "[" * 100_000),
]


@pytest.mark.parametrize(("kind", "said", "lands"), READS, ids=lambda item: str(item)[:24])
def test_reads(kind: str, said: Any, lands: Any) -> None:
    found = value(kind, said)
    assert found == lands
    assert type(found) is type(lands)


@pytest.mark.parametrize(("kind", "said"), DRIFT, ids=lambda item: str(item)[:24])
def test_drifts(kind: str, said: Any) -> None:
    with pytest.raises(Unreadable) as refused:
        value(kind, said)
    assert str(refused.value) == ""


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("text", "1.38123E+10"),
        ("text", "1.60462E+18"),
        ("text", "1E+18"),
        ("integer", "1.60462E+18"),
        ("text", 1.60462e18),
        ("integer", 1.60462e18),
        ("integer", float(2**53)),
        ("integer", 1e15),
    ],
)
def test_an_id_that_lost_digits_in_a_spreadsheet_is_refused_with_the_remedy(kind: str, said: Any) -> None:
    with pytest.raises(Unreadable) as refused:
        value(kind, said)
    assert "formatted as text" in refused.value.remedy


def test_a_time_without_a_zone_is_of_the_declared_one_in_summer_and_winter() -> None:
    assert value("time", "2026-07-01 12:00", BERLIN) == "2026-07-01T12:00:00+02:00"
    assert value("time", "2026-12-01 12:00", BERLIN) == "2026-12-01T12:00:00+01:00"


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**15), max_value=10**15, places=4))
def test_numbers_keep_every_decimal(number: Decimal) -> None:
    assert Decimal(value("number", str(number))) == number
    assert value("number", f"{number:,}") == format(number, "f")


@given(st.integers())
def test_integers_are_exact_at_any_size(number: int) -> None:
    assert value("integer", str(number)) == number == value("integer", number)


@given(st.datetimes(timezones=st.just(UTC), min_value=datetime(1900, 1, 1), max_value=datetime(2200, 1, 1)))  # noqa: DTZ001
def test_moments_read_back_the_same_in_whatever_way_they_are_written(moment: datetime) -> None:
    for said in (moment, moment.isoformat(), moment.isoformat(" "), str(moment.astimezone(BERLIN))):
        assert datetime.fromisoformat(value("time", said)) == moment


@given(
    st.recursive(
        st.none()
        | st.booleans()
        | st.integers()
        | st.floats()
        | st.decimals()
        | st.text()
        | st.binary()
        | st.dates()
        | st.times()
        | st.datetimes()
        | st.timedeltas(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner) | st.tuples(inner, inner),
        max_leaves=10,
    )
)
def test_whatever_stands_in_a_column_that_nobody_declared_becomes_json(said: Any) -> None:
    assert json.loads(json.dumps(plain(said), allow_nan=False)) == plain(said)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_json_without_fractions_reads_back_equal(said: Any) -> None:
    assert exact_json(json.dumps(said)) == said
