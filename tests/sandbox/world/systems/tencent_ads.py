"""Tencent Ads (广点通): adgroups, what they brought per day, and the leads of their forms."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import TYPE_CHECKING

from tests.sandbox.world import advertising
from tests.sandbox.world.advertising import Ad, AdDay, AdLead
from tests.sandbox.world.model import Account

if TYPE_CHECKING:
    from tests.sandbox.world import World
    from tests.sandbox.world.truth import Identifier

ACCOUNT = "tencent_ads_lead"
ACTS = frozenset({ACCOUNT})
TENCENT_ACCOUNT = "25610011"

_ADGROUPS = {
    "朋友圈-新客礼": ("九宫格",),
    "朋友圈-门店活动": ("卡片",),
    "视频号-育儿课": ("竖版",),
    "公众号-会员日": ("底部",),
}


def adgroups() -> list[Ad]:
    """Every adgroup (the group) with its one dynamic creative (the advertisement)."""
    return advertising.ads(_ADGROUPS, 30_010_000_001, 40_020_000_003)


def leads(world: World) -> list[AdLead]:
    """Every lead, oldest first."""
    return world.chapter(_leads)


def days(world: World) -> list[AdDay]:
    """Every adgroup's day, oldest first."""
    return world.chapter(_days)


def _leads(world: World) -> list[AdLead]:
    return advertising.leads(world, "tencent_ads", adgroups())


def _days(world: World) -> list[AdDay]:
    return advertising.days(world, "tencent_ads", adgroups(), leads(world))


def accounts(world: World) -> Iterator[tuple[Account, str]]:
    """Every lead and whoever left it."""
    return advertising.accounts(ACCOUNT, TENCENT_ACCOUNT, leads(world))


def evidence(world: World, day: date) -> Iterator[tuple[Account, set[Identifier]]]:
    """The phone that was left."""
    return advertising.evidence(world, ACCOUNT, TENCENT_ACCOUNT, leads(world), day)
