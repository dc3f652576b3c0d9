"""How the mini program was used, day by day: figures of everybody together, no persons in them."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.sandbox.world import World

PAGES = ("pages/index/index", "pages/goods/detail", "pages/cart/index", "pages/member/card", "pages/coupon/list")
RETAINED_AFTER = (0, 1, 2, 3, 4, 5, 6, 7, 14, 30)

_SOURCES = (1, 2, 3, 4, 10)
_STAYS = (1, 2, 3, 4)
_DEPTHS = (1, 2, 3, 4, 5)


@dataclass(frozen=True, slots=True)
class PageDay:
    """One page on one day; `stay` is the mean time there in seconds."""

    path: str
    pv: int
    uv: int
    stay: float
    entries: int
    exits: int
    shares: int


@dataclass(frozen=True, slots=True)
class MiniDay:
    """The settled figures of one day; `retained` and `new_retained` are by days later."""

    day: date
    sessions: int
    pv: int
    uv: int
    uv_new: int
    total_users: int
    share_pv: int
    share_uv: int
    stay_per_user: float
    pages: tuple[PageDay, ...]
    retained: tuple[tuple[int, int], ...]
    new_retained: tuple[tuple[int, int], ...]
    spread: tuple[tuple[str, tuple[tuple[int, int], ...]], ...]


def days(world: World) -> list[MiniDay]:
    """Every lived day, oldest first."""
    return world.chapter(_days)


def _days(world: World) -> list[MiniDay]:
    rng = world.dice("mini_program days")
    total = 12_000
    found = []
    for day in world.calendar.days():
        made = _day(rng, day, total, busy=len(world.people) / 8)
        total = made.total_users
        found.append(made)
    return found


def _day(rng: random.Random, day: date, total: int, busy: float) -> MiniDay:
    uv = int((60 + busy) * rng.uniform(0.8, 1.2) * (1.3 if day.weekday() >= 5 else 1.0))
    new = uv * rng.randint(8, 18) // 100
    sessions = uv * rng.randint(120, 190) // 100
    pages = tuple(_page(rng, path, uv) for path in PAGES if rng.random() > 0.1 or path == PAGES[0])
    return MiniDay(
        day=day,
        sessions=sessions,
        pv=sum(page.pv for page in pages),
        uv=uv,
        uv_new=new,
        total_users=total + new,
        share_pv=uv // 9,
        share_uv=uv // 12,
        stay_per_user=round(rng.uniform(60, 240), 4),
        pages=pages,
        retained=_retained(rng, uv),
        new_retained=_retained(rng, new),
        spread=(
            ("access_source_session_cnt", _split(rng, sessions, _SOURCES)),
            ("access_staytime_info", _split(rng, sessions, _STAYS)),
            ("access_depth_info", _split(rng, sessions, _DEPTHS)),
        ),
    )


def _page(rng: random.Random, path: str, uv: int) -> PageDay:
    visitors = max(1, uv * rng.randint(20, 90) // 100)
    views = visitors * rng.randint(100, 260) // 100
    return PageDay(path, views, visitors, round(rng.uniform(3, 60), 4), views // 3, views // 4, views // 20)


def _retained(rng: random.Random, users: int) -> tuple[tuple[int, int], ...]:
    return tuple((after, users if after == 0 else users * rng.randint(3, 30) // 100) for after in RETAINED_AFTER)


def _split(rng: random.Random, whole: int, keys: tuple[int, ...]) -> tuple[tuple[int, int], ...]:
    """Parts of a whole, by key."""
    cuts = sorted(rng.randint(0, whole) for _ in keys[1:])
    return tuple((key, end - start) for key, start, end in zip(keys, [0, *cuts], [*cuts, whole], strict=True))
