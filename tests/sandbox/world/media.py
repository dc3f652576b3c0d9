"""The chapter of advertising: what each creative on Xiaohongshu brought per day and placement."""

from __future__ import annotations

import random
from datetime import date

from tests.sandbox.world.calendar import Calendar
from tests.sandbox.world.model import Creative, CreativeDay

_NOTES = ("新手妈妈囤货清单", "夜奶不慌张", "红屁屁自救指南", "辅食第一口", "待产包一次说清", "双11奶粉怎么买")


def creative_days(people: int, rng: random.Random, calendar: Calendar) -> list[CreativeDay]:
    """Two creatives per note, shown in the feed and in search, with figures in scale with the population."""
    creatives = [
        Creative(
            creativity_id=str(880_000_100 + number),
            creativity_name=f"{note}-{variant}",
            unit_id=str(550_000_010 + number // 2),
            campaign_id=str(330_000_001 + number // 4),
            campaign_name=("种草-信息流", "拦截-搜索", "双11-收割")[number // 4],
            note_id=f"{rng.randrange(16**24):024x}",
        )
        for number, (note, variant) in enumerate((note, variant) for note in _NOTES for variant in ("A", "B"))
    ]
    return [
        _day(creative, placement, people, day, rng)
        for day in calendar.days()
        for creative in creatives
        for placement in ("FEED", "SEARCH")
        if rng.random() > 0.04
    ]


def _day(creative: Creative, placement: str, people: int, day: date, rng: random.Random) -> CreativeDay:
    search = placement == "SEARCH"
    impression = int(rng.uniform(1, 5) * people) if search else int(rng.uniform(8, 30) * people)
    if rng.random() < 0.04:  # paused: some last impressions, no click
        impression = rng.randrange(9)
    click = int(impression * (rng.uniform(0.06, 0.12) if search else rng.uniform(0.01, 0.04)))
    return CreativeDay(
        creative=creative,
        day=day,
        placement=placement,
        fee_fen=click * rng.randint(60, 180),
        impression=impression,
        click=click,
        like=int(click * rng.uniform(0.1, 0.4)),
        comment=int(click * rng.uniform(0.0, 0.08)),
        collect=int(click * rng.uniform(0.05, 0.3)),
        follow=int(click * rng.uniform(0.0, 0.05)),
        share=int(click * rng.uniform(0.0, 0.1)),
    )
