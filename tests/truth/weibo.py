"""What Weibo must bring: the posts of the window that are still shown, with what they brought so far."""

from __future__ import annotations

from datetime import datetime

from quanyu.contracts import Window
from tests.sandbox.world import World
from tests.sandbox.world.systems.weibo import Post, shown
from tests.truth import Facts, Truth, Wire


def _seen(world: World, window: Window, end: datetime) -> list[Post]:
    return [post for post in shown(world, end) if window.start <= post.posted_at < window.end]


def _statuses(world: World, window: Window, end: datetime) -> Facts:
    return {str(post.id): (post.text, *post.counts(end)) for post in _seen(world, window, end)}


def _status_counts(world: World, window: Window, end: datetime) -> Facts:
    return {str(post.id): post.counts(end) for post in _seen(world, window, end)}


TRUTH = {
    "statuses": Truth(
        _statuses,
        lambda row: (row["text"], row["reposts_count"], row["comments_count"], row["attitudes_count"]),
    ),
    "status_counts": Truth(_status_counts, lambda row: (row["reposts"], row["comments"], row["attitudes"])),
}

WIRE = Wire(token="person")
