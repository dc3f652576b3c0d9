"""Xiaohongshu advertising (聚光): the campaigns, units and creatives behind the report of `world.media`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from tests.sandbox.world.calendar import moment
from tests.sandbox.world.model import Creative

if TYPE_CHECKING:
    from tests.sandbox.world import World


@dataclass(frozen=True, slots=True)
class Made:
    """A campaign, a unit or a creative with the two above it; `paused_at` is None while it runs."""

    id: int
    name: str
    unit_id: int
    campaign_id: int
    note_id: str
    created_at: datetime
    paused_at: datetime | None

    def runs(self, at: datetime) -> bool:
        """Whether it is not paused just before `at`."""
        return self.paused_at is None or self.paused_at >= at

    def updated(self, at: datetime) -> datetime:
        """The last change just before `at`."""
        return self.created_at if self.runs(at) or self.paused_at is None else self.paused_at


@dataclass(frozen=True, slots=True)
class Structure:
    """Everything an advertiser has set up, each list by id."""

    campaigns: list[Made]
    units: list[Made]
    creatives: list[Made]


def structure(world: World) -> Structure:
    """What the report's rows belong to."""
    return world.chapter(_structure)


def _structure(world: World) -> Structure:
    rng = world.dice("xiaohongshu structure")
    creatives = {int(row.creative.creativity_id): row.creative for row in world.creative_days}
    units = {int(of.unit_id): of for _, of in sorted(creatives.items())}
    campaigns = {int(of.campaign_id): of for _, of in sorted(creatives.items())}

    def made(of_id: int, name: str, of: Creative) -> Made:
        created = moment(rng, world.calendar.ago(rng.randint(40, 90)))
        paused = moment(rng, world.calendar.ago(rng.randint(-2, 3))) if rng.random() < 0.2 else None
        return Made(of_id, name, int(of.unit_id), int(of.campaign_id), of.note_id, created, paused)

    return Structure(
        campaigns=[made(of_id, of.campaign_name, of) for of_id, of in sorted(campaigns.items())],
        units=[made(of_id, f"单元-{of.creativity_name[:-2]}", of) for of_id, of in sorted(units.items())],
        creatives=[made(of_id, of.creativity_name, of) for of_id, of in sorted(creatives.items())],
    )
