"""Douyin (抖音): the videos of our account and how they did day by day; no persons in them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING

from tests.sandbox.world.calendar import moment

if TYPE_CHECKING:
    from tests.sandbox.world import World

OPEN_ID = "_000quanyuDouyinAccount0000000000001"

_TITLES = ("孕期水果怎么吃", "待产包清单", "新生儿抚触", "奶瓶消毒误区", "辅食第一口", "尿布疹护理", "双11囤货攻略")
_FANS = 21_000
_SHARES = {"like": 41, "comment": 7, "share": 5}
"""Of a thousand plays."""


@dataclass(frozen=True, slots=True)
class Video:
    """A video; `plays` are those of each lived day, `plays_before` the sum of the days before them."""

    item_id: str
    title: str
    number: int
    created_at: datetime
    plays_before: int
    plays: dict[date, int]

    def exists(self, at: datetime) -> bool:
        """Whether it can be seen just before `at`."""
        return self.created_at < at

    def on(self, day: date) -> dict[str, int]:
        """The figures of one day."""
        return _with_shares(self.plays.get(day, 0))

    def until(self, at: datetime) -> dict[str, int]:
        """The sums just before `at`."""
        return _with_shares(self.plays_before + sum(n for day, n in self.plays.items() if day < at.date()))


def videos(world: World) -> list[Video]:
    """Every video, oldest first."""
    return world.chapter(_videos)


def account_on(world: World, day: date) -> dict[str, int]:
    """What the account did on a day."""
    plays = sum(video.plays.get(day, 0) for video in videos(world))
    since = (day - world.calendar.first).days
    issued = [video for video in videos(world) if video.created_at.date() <= day]
    return {
        "new_issue": sum(video.created_at.date() == day for video in issued),
        "new_play": plays,
        "total_issue": len(issued),
        "new_fans": plays // 90,
        "total_fans": _FANS + since * 12 + plays // 90,
        "new_like": plays * 41 // 1000,
        "new_comment": plays * 7 // 1000,
        "new_share": plays * 5 // 1000,
        "profile_uv": plays // 30,
    }


def _with_shares(plays: int) -> dict[str, int]:
    return {"play": plays, **{name: plays * share // 1000 for name, share in _SHARES.items()}}


def _videos(world: World) -> list[Video]:
    rng = world.dice("douyin_content videos")
    found = []
    for number, title in enumerate(_TITLES, 1):
        created = moment(rng, world.calendar.ago(56 - number * 8), 18, 22)
        days = [day for day in world.calendar.days() if day >= created.date()]
        is_old = created.date() < world.calendar.first
        found.append(
            Video(
                item_id=f"@9V{world.code('douyin item', title, '', 40)}+/==",
                title=title,
                number=number,
                created_at=created,
                plays_before=rng.randint(20, 90) * len(world.people) if is_old else 0,
                plays={day: rng.randint(2, 30) * len(world.people) for day in days},
            )
        )
    return found
