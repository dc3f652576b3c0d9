"""What the content team keeps in sheets: figures of posts where no API was found, placements, and two calendars."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING

from quanyu.contracts import SHANGHAI
from tests.sandbox.world.calendar import moment
from tests.sandbox.world.facts import Fact, in_order, text, yuan

if TYPE_CHECKING:
    from tests.sandbox.world import World

_TITLES = ("如何挑选奶粉段位", "新生儿睡眠指南", "红屁屁护理", "辅食添加时间表")


def posts(world: World) -> list[Fact]:
    """A row per post and day: reads, likes, comments and shares of the day on Zhihu and Toutiao."""
    rng = world.dice("content posts")
    found = []
    for day in world.calendar.days():
        at = datetime.combine(day, time(23, 0), SHANGHAI)
        for platform in ("zhihu", "toutiao"):
            for number, title in enumerate(_TITLES, 1):
                reads = int(rng.uniform(0.2, 3) * len(world.people))
                row = {
                    "on_day": day.isoformat(),
                    "platform": platform,
                    "post_id": f"{platform}-{number:04d}",
                    "title": title,
                    "published_on": (world.calendar.first - timedelta(days=number)).isoformat(),
                    "reads": str(reads),
                    "likes": str(reads // 20),
                    "comments": str(reads // 150),
                    "shares": str(reads // 90),
                }
                found.append(Fact(at, row))
    return found


def placements(world: World) -> list[Fact]:
    """Paid placements with creators: agreed, then published; the fee is agreed beforehand."""
    rng = world.dice("content placements")
    found = []
    for number in range(1, 9):
        agreed = moment(rng, world.calendar.ago(rng.randint(3, world.calendar.history_days)), 10, 18)
        published = agreed + timedelta(days=rng.randint(1, 9))
        row = {
            "placement_id": f"KOL{number:04d}",
            "creator_id": f"creator-{number % 5}",
            "creator_kind": rng.choice(("kol", "koc", "celebrity")),
            "platform": rng.choice(("xiaohongshu", "douyin", "bilibili", "weibo")),
            "campaign": "双11-收割",
            "fee_yuan": yuan(rng.randint(30, 900) * 10000),
            "status": "agreed",
            "published_at": "",
            "updated_at": text(agreed),
        }
        found.append(Fact(agreed, row))
        after = {**row, "status": "published", "published_at": text(published), "updated_at": text(published)}
        found.append(Fact(published, after))
    return in_order(found)


def calendar(world: World) -> list[Fact]:
    """Appearances of celebrities and dates of public relations, as they were entered."""
    rng = world.dice("content calendar")
    entered: list[tuple[str, str, date]] = [
        ("celebrity", "代言人生日直播", world.calendar.ago(12)),
        ("pr", "品牌公益日", world.calendar.ago(8)),
        ("promotion", "双11 尾款", date(world.business_date.year, 11, 11)),
        ("celebrity", "综艺植入播出", world.calendar.ago(2)),
    ]
    found = []
    for number, (kind, title, starts_on) in enumerate(entered, 1):
        at = moment(rng, max(world.calendar.first, starts_on - timedelta(days=9)), 9, 18)
        row = {
            "entry_id": f"CAL{number:03d}",
            "kind": kind,
            "title": title,
            "starts_on": starts_on.isoformat(),
            "ends_on": (starts_on + timedelta(days=rng.randint(0, 2))).isoformat(),
            "updated_at": text(at),
        }
        found.append(Fact(at, row))
    return in_order(found)
