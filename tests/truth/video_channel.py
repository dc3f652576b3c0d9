"""What the video channel must bring."""

from __future__ import annotations

from datetime import datetime

from quanyu.contracts import Window
from tests.sandbox.world import World
from tests.sandbox.world.systems.video_channel import COMPONENTS, leads, lives, sales
from tests.truth import Facts, Truth, Wire


def _inside(at: datetime, window: Window, end: datetime) -> bool:
    return window.start <= at < window.end and at < end


def _lives(world: World, window: Window, end: datetime) -> Facts:
    return {
        live.export_id: (live.seconds, live.audience, live.new_fans)
        for live in lives(world)
        if _inside(live.started_at, window, end)
    }


def _leads(world: World, window: Window, end: datetime) -> Facts:
    return {
        f"{lead.left_at.date()}|{lead.component}|{lead.phone}": ()
        for lead in leads(world)
        if _inside(lead.left_at, window, end)
    }


def _live_leads(world: World, window: Window, end: datetime) -> Facts:
    return {
        f"{lead.live.request_id}-{lead.component}|{lead.phone}": (lead.component, lead.live.title)
        for lead in leads(world)
        if _inside(lead.live.started_at, window, end) and lead.left_at < end
    }


def _promotions(world: World, window: Window, end: datetime) -> Facts:
    return {
        f"{component}|{int(live.started_at.timestamp())}": (
            live.title,
            len({lead.phone for lead in leads(world) if lead.live == live and lead.component == component}),
        )
        for live in lives(world)
        for component, _ in COMPONENTS
        if _inside(live.started_at, window, end)
    }


def _shop_days(world: World, window: Window, _end: datetime) -> Facts:
    found = {day: sales(world).get(day) for day in window.days()}
    return {
        f"{day:%Y%m%d}": (sold.gmv, sold.orders, sold.refunded) if sold else (0, 0, 0) for day, sold in found.items()
    }


def _finder_days(world: World, window: Window, _end: datetime) -> Facts:
    found = {day: sales(world).get(day) for day in window.days()}
    return {f"{day:%Y%m%d}": (sold.gmv, sold.by_live) if sold else (0, 0) for day, sold in found.items()}


TRUTH = {
    "lives": Truth(
        _lives,
        lambda row: (row["live_duration_in_seconds"], row["total_audience_count"], row["new_follow_count"]),
    ),
    "leads": Truth(_leads, lambda _row: ()),
    "live_leads": Truth(_live_leads, lambda row: (row["component_id"], row["live_description"])),
    "promotions": Truth(_promotions, lambda row: (row["live_description"], int(row["leads_num"]))),
    "shop_days": Truth(
        _shop_days, lambda row: (int(row["pay_gmv"]), int(row["pay_order_cnt"]), int(row["pay_refund_gmv"]))
    ),
    "finder_days": Truth(_finder_days, lambda row: (int(row["pay_gmv"]), int(row["live_pay_gmv"]))),
}

WIRE = Wire(token="renews")
