"""Bilibili: the videos of our account and the sums of what they brought by each night; no persons in them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from tests.sandbox.world.calendar import moment

if TYPE_CHECKING:
    from tests.sandbox.world import World

BILIBILI_ACCOUNT = "d30bedaa4d8eb3128cf35ddc1030e27d"

FIGURES = ("view", "danmaku", "reply", "favorite", "coin", "share", "like")

_TITLES = ("待产包开箱", "新生儿第一周", "夜奶怎么断", "辅食从哪开始", "尿布疹处理", "双11囤货", "安全座椅怎么装")
_FANS = 4_000


@dataclass(frozen=True, slots=True)
class Archive:
    """A video; `views` are those of each lived day, and every other figure is a share of them."""

    resource_id: str
    title: str
    number: int
    created_at: datetime
    published_at: datetime
    views_before: int
    views: dict[date, int]
    shares: dict[str, int]

    def is_published(self, at: datetime) -> bool:
        """Whether it can be seen just before `at`."""
        return self.published_at < at

    def figures(self, at: datetime) -> dict[str, int]:
        """The sums just before `at`."""
        seen = self.views_before + sum(n for day, n in self.views.items() if day < at.date())
        return {"view": seen, **{name: seen * share // 1000 for name, share in self.shares.items()}}


def archives(world: World) -> list[Archive]:
    """Every video, oldest first."""
    return world.chapter(_archives)


def followers(world: World, at: datetime) -> int:
    """The fans of the account just before `at`."""
    return _FANS + sum(of.figures(at)["view"] for of in archives(world) if of.is_published(at)) // 200


def _archives(world: World) -> list[Archive]:
    rng = world.dice("bilibili archives")
    found = []
    for number, title in enumerate(_TITLES, 1):
        published = moment(rng, world.calendar.ago(60 - number * 9), 17, 21)
        is_old = published.date() < world.calendar.first
        daily = [day for day in world.calendar.days() if day >= published.date()]
        found.append(
            Archive(
                resource_id=f"BV1{rng.randrange(36**9):09x}"[:12],
                title=title,
                number=number,
                created_at=published - timedelta(hours=2),
                published_at=published,
                views_before=int(rng.uniform(20, 60) * len(world.people)) if is_old else 0,
                views={day: int(rng.uniform(0, 3) * len(world.people)) for day in daily},
                shares={name: rng.randint(1, 60) for name in FIGURES[1:]},
            )
        )
    return found
