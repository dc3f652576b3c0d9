"""What the Douyin account must bring."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from quanyu.contracts import Record, Window
from tests.sandbox.world import World
from tests.sandbox.world.systems.douyin_content import account_on, videos
from tests.truth import Facts, Truth, Wire, midnights

_FIGURES = ("play", "like", "comment", "share")
_SHOWN = timedelta(days=30)
"""For so long the platform shows a day, and the figures of a video."""


def _videos(world: World, _: Window, end: datetime) -> Facts:
    return {
        video.item_id: (video.title, int(video.created_at.timestamp()), *video.until(end).values())
        for video in videos(world)
        if video.exists(end)
    }


def _told_video(row: Record) -> tuple[Any, ...]:
    sums = row["statistics"]
    figures = (sums[f"{name}_count"] for name in ("play", "digg", "comment", "share"))
    return row["title"], row["create_time"], *figures


def _item_days(world: World, window: Window, end: datetime) -> Facts:
    return {
        f"{video.item_id}|{day}": tuple(video.on(day)[name] for name in _FIGURES)
        for day, start, _ in midnights(window)
        if end - _SHOWN <= start < end
        for video in videos(world)
        if end - _SHOWN <= video.created_at < end and video.created_at.date() <= day
    }


def _user_days(world: World, window: Window, end: datetime) -> Facts:
    return {
        str(day): tuple(sorted(account_on(world, day).items()))
        for day, start, _ in midnights(window)
        if end - _SHOWN <= start < end
    }


TRUTH = {
    "videos": Truth(_videos, _told_video),
    "item_days": Truth(_item_days, lambda row: tuple(row[name] for name in _FIGURES)),
    "user_days": Truth(
        _user_days, lambda row: tuple(sorted((name, value) for name, value in row.items() if name != "date"))
    ),
}

WIRE = Wire(token="renews")
