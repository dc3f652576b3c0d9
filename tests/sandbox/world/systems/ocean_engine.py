"""Ocean Engine (巨量引擎): promotions by project, what they brought per day, and the leads of their forms."""

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

ACCOUNT = "ocean_engine_lead"
ACTS = frozenset({ACCOUNT})
OCEAN_ADVERTISER = "1790000000000011"

_PROJECTS = {
    "抖音-待产包表单": ("妈妈班", "试用装"),
    "抖音-双11预热": ("直播切片", "达人口播", "门店券"),
    "西瓜-辅食课堂": ("六月龄",),
}


def promotions() -> list[Ad]:
    """Every promotion; both ids are above 2^53."""
    return advertising.ads(_PROJECTS, 7_411_000_000_000_000_001, 7_422_000_000_000_000_003)


def leads(world: World) -> list[AdLead]:
    """Every lead, oldest first."""
    return world.chapter(_leads)


def days(world: World) -> list[AdDay]:
    """Every promotion's day, oldest first."""
    return world.chapter(_days)


def _leads(world: World) -> list[AdLead]:
    return advertising.leads(world, "ocean_engine", promotions())


def _days(world: World) -> list[AdDay]:
    return advertising.days(world, "ocean_engine", promotions(), leads(world))


def accounts(world: World) -> Iterator[tuple[Account, str]]:
    """Every lead and whoever left it."""
    return advertising.accounts(ACCOUNT, OCEAN_ADVERTISER, leads(world))


def evidence(world: World, day: date) -> Iterator[tuple[Account, set[Identifier]]]:
    """The phone that was left."""
    return advertising.evidence(world, ACCOUNT, OCEAN_ADVERTISER, leads(world), day)
