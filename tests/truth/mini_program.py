"""What the mini program's data cube must bring."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

from quanyu.contracts import Window
from tests.sandbox.mini_program import RIPENESS
from tests.sandbox.world import World
from tests.sandbox.world.systems.mini_program import MiniDay, days
from tests.truth import Facts, Truth, Wire

Told = Callable[[MiniDay, int], Iterator[tuple[str, tuple[Any, ...]]]]


def _by_day(told: Told) -> Callable[[World, Window, datetime], Facts]:
    """Facts by day; `told(day, age)` are those of one day, so many days before the last one that is over."""

    def happened(world: World, window: Window, end: datetime) -> Facts:
        last = (end - timedelta(seconds=1)).date()
        asked = set(window.days())
        return {
            "|".join(part for part in (f"{day.day:%Y%m%d}", key) if part): facts
            for day in days(world)
            if day.day in asked
            for key, facts in told(day, (last - day.day).days)
        }

    return happened


def _ripe(figure: int, age: int) -> int:
    return figure * RIPENESS.get(age, 100) // 100


def _trend(day: MiniDay, age: int) -> Iterator[tuple[str, tuple[Any, ...]]]:
    yield "", (_ripe(day.sessions, age), _ripe(day.uv, age), _ripe(day.uv_new, age), day.stay_per_user)


def _summary(day: MiniDay, _age: int) -> Iterator[tuple[str, tuple[Any, ...]]]:
    yield "", (day.total_users, day.share_pv, day.share_uv)


def _retained(day: MiniDay, age: int) -> Iterator[tuple[str, tuple[Any, ...]]]:
    yield "", tuple({after: n for after, n in users if after <= age} for users in (day.new_retained, day.retained))


def _pages(day: MiniDay, age: int) -> Iterator[tuple[str, tuple[Any, ...]]]:
    for page in day.pages:
        yield page.path, (_ripe(page.pv, age), _ripe(page.uv, age), page.stay)


def _spread(day: MiniDay, _age: int) -> Iterator[tuple[str, tuple[Any, ...]]]:
    for index, items in day.spread:
        for key, value in items:
            yield f"{index}|{key}", (value,)


TRUTH = {
    "visit_trend": Truth(
        _by_day(_trend), lambda row: (row["session_cnt"], row["visit_uv"], row["visit_uv_new"], row["stay_time_uv"])
    ),
    "summary": Truth(_by_day(_summary), lambda row: (row["visit_total"], row["share_pv"], row["share_uv"])),
    "retention": Truth(
        _by_day(_retained),
        lambda row: tuple({item["key"]: item["value"] for item in row[name]} for name in ("visit_uv_new", "visit_uv")),
    ),
    "visit_pages": Truth(
        _by_day(_pages), lambda row: (row["page_visit_pv"], row["page_visit_uv"], row["page_staytime_pv"])
    ),
    "visit_distribution": Truth(_by_day(_spread), lambda row: (row["value"],)),
}

WIRE = Wire(token="renews")
