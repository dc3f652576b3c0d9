"""Xiaohongshu's creators (蒲公英): the notes they published for us and what those brought by each night."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING

from tests.sandbox.world.calendar import moment

if TYPE_CHECKING:
    from tests.sandbox.world import World

BRAND_USER = "5f0000000000000000000b2d"

_TITLES = (
    "真实喂养记录",
    "两岁辅食表",
    "待产包避雷",
    "夜奶救星",
    "奶粉怎么转",
    "尿裤测评",
    "早教玩具",
    "出门神器",
    "月子餐",
)


@dataclass(frozen=True, slots=True)
class Note:
    """A note; `reads` are those of each lived day, the other figures are shares of their sum."""

    note_id: str
    title: str
    kol_id: str
    kol_name: str
    fans: int
    price: int
    published_at: datetime
    reads: dict[date, int]

    def read(self, at: datetime) -> int:
        """How often it was read before `at`."""
        return sum(count for day, count in self.reads.items() if day < at.date())


def notes(world: World) -> list[Note]:
    """Every note, oldest first."""
    return world.chapter(_notes)


def _notes(world: World) -> list[Note]:
    rng = world.dice("xiaohongshu_notes")
    found = []
    for number, title in enumerate(_TITLES):
        published = moment(rng, world.calendar.ago(30 - number * 4), 10, 22)
        days = [day for day in world.calendar.days() if day >= published.date()]
        found.append(
            Note(
                note_id=f"{rng.randrange(16**24):024x}",
                title=title,
                kol_id=f"{rng.randrange(16**24):024x}",
                kol_name=f"{rng.choice('小桃甜乐')}妈日记{number}",
                fans=rng.randint(2_000, 90_000),
                price=rng.randint(300, 8_000),
                published_at=published,
                reads={day: int(rng.uniform(0, 4) * len(world.people)) for day in days},
            )
        )
    return found
