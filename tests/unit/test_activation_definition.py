"""A segment's meta is read strictly, so that a typo stops the night instead of changing who hears from us."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import pytest

from quanyu.activation import caps
from quanyu.activation.definition import parse
from quanyu.contracts import SHANGHAI
from quanyu.errors import ConfigurationError
from tests.fixtures.activation_night import META


@pytest.mark.parametrize("key", META)
def test_a_missing_key_is_an_error_that_names_segment_and_key(key: str) -> None:
    meta = {name: value for name, value in META.items() if name != key}
    with pytest.raises(ConfigurationError, match=rf"seg_quiet.*{key}"):
        parse("seg_quiet", meta)


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"chanels": ["post"]}, "chanels"),
        ({"purpose": "spam"}, "purpose"),
        ({"holdout": 1.5}, "holdout"),
        ({"cap": {"days": 7}}, "cap.messages"),
        ({"size_band": {"min": 5, "max": 1, "change": 0.5}}, "size_band"),
        ({"templates": {"sms": "x"}}, "channels and templates"),
        ({"channels": ["post", "post"]}, "channels and templates"),
        ({"send_window": ["9:00", "20:00"]}, "send_window"),
        ({"send_window": ["20:00", "09:00"]}, "send_window"),
        ({"send_window": ["07:00", "20:00"]}, "08:00 and 22:00"),
        ({"send_window": ["09:00", "22:30"]}, "08:00 and 22:00"),
        ({"purpose": "service", "send_window": ["09:00", "23:30"]}, "close by 23:00"),
        ({"consent": "advertising"}, "no consent to messages"),
    ],
)
def test_a_wrong_value_is_an_error_that_says_where(wrong: dict[str, Any], named: str) -> None:
    with pytest.raises(ConfigurationError, match="seg_quiet") as caught:
        parse("seg_quiet", META | wrong)
    assert named in str(caught.value)


def test_the_send_window_is_half_open_and_in_shanghai_time() -> None:
    definition = parse("seg_quiet", META)
    assert definition.is_open(datetime(2026, 11, 21, 9, tzinfo=SHANGHAI))
    assert not definition.is_open(datetime(2026, 11, 21, 8, 59, 59, tzinfo=SHANGHAI))
    assert not definition.is_open(datetime(2026, 11, 21, 20, tzinfo=SHANGHAI))


def test_a_segment_that_feeds_nothing_but_lists_may_say_that_they_ask_for_advertising() -> None:
    of_lists = {"channels": [], "templates": {}, "audiences": ["tencent_ads_audience"], "consent": "advertising"}
    assert parse("seg_looked", META | of_lists).consent == "advertising"


def test_a_service_message_may_go_out_early() -> None:
    parse("seg_shipped", META | {"purpose": "service", "send_window": ["06:00", "23:00"]})


@pytest.mark.parametrize(
    ("audience", "last_night", "breach"),
    [
        (10, None, False),
        (9, None, True),
        (101, None, True),
        (30, 20, False),
        (31, 20, True),
        (10, 21, True),
        (50, 0, False),
    ],
)
def test_the_size_band_bounds_the_audience_and_its_change(audience: int, last_night: int | None, breach: bool) -> None:
    band = parse("seg_quiet", META | {"size_band": {"min": 10, "max": 100, "change": 0.5}}).size_band
    assert bool(band.breach(audience, last_night)) is breach


def test_every_cap_names_where_it_is_from() -> None:
    rows = caps.global_caps()
    assert {row.channel for row in rows} >= {"official_account_mass", "wecom_broadcast", "aliyun_sms"}
    assert all(row.source and row.as_of <= date(2026, 12, 31) for row in rows)


def test_a_calendar_month_counts_by_the_day_of_sending() -> None:
    month = next(row for row in caps.global_caps() if row.calendar_month)
    # Messages of 31 October go out on 1 November.
    assert month.first_night(date(2026, 11, 20)) == date(2026, 10, 31)
    assert month.first_night(date(2026, 11, 30)) == date(2026, 11, 30)


def test_a_cap_over_days_counts_tonight_as_one_of_them() -> None:
    week = next(row for row in caps.global_caps() if row.days == 7)
    assert week.first_night(date(2026, 11, 20)) == date(2026, 11, 14)
