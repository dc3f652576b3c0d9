"""What Ocean Engine must bring."""

from __future__ import annotations

from datetime import datetime, timedelta

from quanyu.contracts import Window
from tests.sandbox.world import World
from tests.sandbox.world.advertising import lead_id
from tests.sandbox.world.systems.ocean_engine import days, leads
from tests.truth import Facts, Truth, Wire, fen


def _promotion_report(world: World, window: Window, end: datetime) -> Facts:
    asked, today = set(window.days()), (end - timedelta(seconds=1)).date()
    return {
        f"{of.day}|{of.ad.group_id}|{of.ad.id}": (of.cost_fen, of.shown, of.clicked, of.converted_by(today))
        for of in days(world)
        if of.day in asked and of.day <= today
    }


def _leads(world: World, window: Window, end: datetime) -> Facts:
    return {
        lead_id(of): (of.phone, of.name, of.ad.id, of.click_id)
        for of in leads(world)
        if window.start <= of.left_at < window.end and of.left_at < end
    }


TRUTH = {
    "promotion_report": Truth(
        _promotion_report,
        lambda row: (
            fen(row["metrics"]["stat_cost"]),
            *(int(row["metrics"][name]) for name in ("show_cnt", "click_cnt", "convert_cnt")),
        ),
    ),
    "leads": Truth(_leads, lambda row: (row["telephone"], row["name"], row["promotion_id"], row["req_id"])),
}

WIRE = Wire(token="renews")
