"""What WeChat Pay must bring."""

from __future__ import annotations

from datetime import datetime

from quanyu.contracts import Window
from tests.sandbox.world import World
from tests.sandbox.world.systems.wechat_pay import movements
from tests.truth import Facts, Truth, Wire, fen


def _trades(world: World, window: Window, end: datetime) -> Facts:
    return {
        "|".join((one.transaction_id, "REFUND" if one.refund_id else "SUCCESS", one.refund_id or "0")): (
            one.openid,
            0 if one.refund_id else one.fen,
            one.fen if one.refund_id else 0,
            one.body,
            f"{one.at:%Y-%m-%d %H:%M:%S}",
        )
        for one in movements(world)
        if window.start <= one.at < window.end and one.at < end
    }


TRUTH = {
    "trades": Truth(
        _trades,
        lambda row: (
            row["openid"],
            fen(row["settlement_total_fee"]),
            fen(row["refund_fee"]),
            row["body"],
            row["trade_time"],
        ),
    ),
}

WIRE = Wire(token="none")
