"""Weibo: the posts of our account and what they brought by each night; no persons in them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING

from tests.sandbox.world.calendar import moment

if TYPE_CHECKING:
    from tests.sandbox.world import World

WEIBO_UID = "7000000001"

SHOWN = 5
"""How many of the newest posts the platform shows."""

_TEXTS = (
    "双11清单来了",
    "直播间见",
    "门店本周六亲子日",
    "辅食公开课",
    "试用装招募",
    "老客专享",
    "冬天的尿布疹",
    "感恩节",
)


@dataclass(frozen=True, slots=True)
class Post:
    """A post; `reposts` are those of each lived day, comments and likes are in proportion to their sum."""

    id: int
    text: str
    posted_at: datetime
    reposts: dict[date, int]

    def counts(self, at: datetime) -> tuple[int, int, int]:
        """Reposts, comments and likes just before `at`."""
        passed_on = sum(n for day, n in self.reposts.items() if day < at.date())
        return passed_on, passed_on * 2, passed_on * 7


def posts(world: World) -> list[Post]:
    """Every post, oldest first."""
    return world.chapter(_posts)


def shown(world: World, at: datetime) -> list[Post]:
    """What the platform shows just before `at`, newest first."""
    return [post for post in reversed(posts(world)) if post.posted_at < at][:SHOWN]


def _posts(world: World) -> list[Post]:
    rng = world.dice("weibo posts")
    found = []
    for number, text in enumerate(_TEXTS):
        posted = moment(rng, world.calendar.ago(27 - number * 4), 8, 23)
        days = [day for day in world.calendar.days() if day >= posted.date()]
        passed_on = {day: int(rng.uniform(0, 0.2) * len(world.people)) for day in days}
        found.append(Post(5_100_000_000_000_000 + number * 1_000_003, text, posted, passed_on))
    return found
