"""The seed lunar_months is what the library lunardate says, month by month.

`lunar_months()` is also how the seed was written: `csv.writer(file, lineterminator="\\n").writerows(lunar_months())`.
"""

from __future__ import annotations

import csv
from datetime import date, timedelta
from itertools import pairwise

import pytest
from lunardate import LunarDate  # type: ignore[import-untyped]

from quanyu.settings import PROJECT

SEED = PROJECT / "dbt_project" / "seeds" / "lunar_months.csv"
FIRST, LAST = date(2019, 12, 26), date(2040, 12, 31)
Row = tuple[str, ...]

HEADER: Row = ("starts_on", "lunar_month", "is_leap_month", "days_count")


def lunar_months() -> list[Row]:
    """Every month that begins in the span, header first."""
    found: list[Row] = [HEADER]
    starts = [day for day in _days() if LunarDate.from_solar_date(day.year, day.month, day.day).day == 1]
    for start, following in pairwise(starts):
        lunar = LunarDate.from_solar_date(start.year, start.month, start.day)
        length = (following - start).days
        found.append((start.isoformat(), str(lunar.month), str(bool(lunar.is_leap_month)).lower(), str(length)))
    return found


def _days() -> list[date]:
    return [FIRST + timedelta(days=number) for number in range((LAST - FIRST).days + 1)]


def _seed() -> list[Row]:
    with SEED.open(encoding="utf-8", newline="") as file:
        return [tuple(row) for row in csv.reader(file)]


def test_the_seed_is_what_the_library_says() -> None:
    assert _seed() == lunar_months()


def test_months_follow_one_another_without_a_gap() -> None:
    months = [(date.fromisoformat(start), int(days)) for start, _, _, days in _seed()[1:]]
    assert len(months) > 250
    assert all(start + timedelta(days=days) == after for (start, days), (after, _) in pairwise(months))


@pytest.mark.parametrize(
    ("promotion", "month", "day"), [("spring_festival", 1, 1), ("qixi", 7, 7), ("mid_autumn", 8, 15)]
)
def test_it_agrees_with_the_festivals_of_the_promotion_calendar(promotion: str, month: int, day: int) -> None:
    """Those came from the holidays as they were announced."""
    starts = {
        date.fromisoformat(start)
        for start, number, is_leap, _ in _seed()[1:]
        if (number, is_leap) == (str(month), "false")
    }
    with (SEED.parent / "promotion_calendar.csv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["promotion"] == promotion]
    assert len(rows) > 8
    assert {date.fromisoformat(row["main_on"]) - timedelta(days=day - 1) for row in rows} <= starts
