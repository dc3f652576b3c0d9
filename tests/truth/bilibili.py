"""What Bilibili must bring: tonight's videos and the sums of what they brought so far."""

from __future__ import annotations

from datetime import datetime

from quanyu.contracts import Window
from tests.sandbox.world import World
from tests.sandbox.world.systems.bilibili import BILIBILI_ACCOUNT, FIGURES, archives, followers
from tests.truth import Facts, Truth, Wire


def _archives(world: World, _window: Window, end: datetime) -> Facts:
    return {
        of.resource_id: (of.title, int(of.published_at.timestamp()) if of.is_published(end) else 0)
        for of in archives(world)
        if of.created_at < end
    }


def _archive_stats(world: World, _window: Window, end: datetime) -> Facts:
    return {
        of.resource_id: tuple(of.figures(end)[name] for name in FIGURES)
        for of in archives(world)
        if of.is_published(end)
    }


def _user_stats(world: World, _window: Window, end: datetime) -> Facts:
    published = sum(of.is_published(end) for of in archives(world))
    return {BILIBILI_ACCOUNT: (followers(world, end), published)}


TRUTH = {
    "archives": Truth(_archives, lambda row: (row["title"], row["ptime"])),
    "archive_stats": Truth(_archive_stats, lambda row: tuple(row[name] for name in FIGURES)),
    "user_stats": Truth(_user_stats, lambda row: (row["follower"], row["arc_passed_total"])),
}

WIRE = Wire(token="renews")
