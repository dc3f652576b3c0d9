"""What Tencent Ads must bring."""

from __future__ import annotations

from datetime import datetime, timedelta

from quanyu.contracts import Window
from tests.sandbox.world import World
from tests.sandbox.world.advertising import lead_id
from tests.sandbox.world.systems.tencent_ads import days, leads
from tests.truth import Facts, Truth, Wire


def _adgroup_report(world: World, window: Window, end: datetime) -> Facts:
    asked, today = set(window.days()), (end - timedelta(seconds=1)).date()
    return {
        f"{of.day}|{of.ad.group_id}": (of.cost_fen, of.shown, of.clicked, of.converted_by(today))
        for of in days(world)
        if of.day in asked and of.day <= today
    }


def _leads(world: World, window: Window, end: datetime) -> Facts:
    return {
        lead_id(of): (of.phone, of.name, of.ad.group_id, of.click_id)
        for of in leads(world)
        if window.start <= of.left_at < window.end and of.left_at < end
    }


TRUTH = {
    "adgroup_report": Truth(
        _adgroup_report,
        lambda row: tuple(row[name] for name in ("cost", "view_count", "valid_click_count", "conversions_count")),
    ),
    "leads": Truth(_leads, lambda row: (row["leads_telephone"], row["leads_name"], row["adgroup_id"], row["click_id"])),
}

WIRE = Wire(token="renews")
