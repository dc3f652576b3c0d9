"""What Xiaohongshu must bring."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from quanyu.contracts import Window
from tests.sandbox.world import World
from tests.sandbox.world.systems.xiaohongshu import structure
from tests.truth import Facts, Truth, Wire, fen


def _creative_report(world: World, window: Window, _end: datetime) -> Facts:
    days = set(window.days())
    return {
        f"{row.day}|{row.creative.creativity_id}|{row.placement}": (row.fee_fen, row.impression, row.click)
        for row in world.creative_days
        if row.day in days
    }


def _structure(kind: str) -> Callable[[World, Window, datetime], Facts]:
    """Every campaign, unit or creative by id: where it belongs, and whether it runs."""

    def happened(world: World, _window: Window, end: datetime) -> Facts:
        found = getattr(structure(world), kind)
        return {str(of.id): (of.campaign_id, of.name, int(of.runs(end))) for of in found}

    return happened


TRUTH = {
    "creative_report": Truth(
        _creative_report, lambda row: (fen(row["fee"]), int(row["impression"]), int(row["click"]))
    ),
    "campaigns": Truth(
        _structure("campaigns"), lambda row: (row["campaign_id"], row["campaign_name"], row["campaign_enable"])
    ),
    "units": Truth(_structure("units"), lambda row: (row["campaign_id"], row["name"], row["enable"])),
    "creatives": Truth(
        _structure("creatives"), lambda row: (row["campaign_id"], row["creativity_name"], row["creativity_enable"])
    ),
}

WIRE = Wire(token="renews")
