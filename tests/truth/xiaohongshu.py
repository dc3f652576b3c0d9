"""What Xiaohongshu must bring."""

from __future__ import annotations

from datetime import datetime

from quanyu.contracts import Window
from tests.sandbox.world import World
from tests.truth import Facts, Truth, Wire, fen


def _creative_report(world: World, window: Window, _end: datetime) -> Facts:
    days = set(window.days())
    return {
        f"{row.day}|{row.creative.creativity_id}|{row.placement}": (row.fee_fen, row.impression, row.click)
        for row in world.creative_days
        if row.day in days
    }


TRUTH = {
    "creative_report": Truth(
        _creative_report, lambda row: (fen(row["fee"]), int(row["impression"]), int(row["click"]))
    ),
}

WIRE = Wire(token="person", drifts="video_play_cnt")
