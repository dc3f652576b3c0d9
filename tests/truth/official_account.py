"""What the official account must bring."""

from __future__ import annotations

from datetime import datetime

from quanyu.contracts import Window
from tests.sandbox.world import World
from tests.truth import Facts, Truth, Wire


def _followers(world: World, _window: Window, end: datetime) -> Facts:
    return {
        fan.openid: (1, fan.unionid, int(fan.subscribed_at.timestamp())) for fan in world.followers if fan.follows(end)
    }


TRUTH = {
    "followers": Truth(_followers, lambda row: (row["subscribe"], row.get("unionid"), row["subscribe_time"])),
}

WIRE = Wire(token="renews", drifts="")
