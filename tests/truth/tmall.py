"""What Tmall must bring."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from quanyu.contracts import Record, Window
from tests.sandbox.world import World
from tests.sandbox.world.shop import member_state
from tests.truth import Facts, Truth, Wire, fen, text


def _trades(world: World, window: Window, end: datetime) -> Facts:
    return {
        f"{trade.tid}|{text(trade.modified(end))}": (
            trade.status(end),
            trade.payment_fen,
            trade.buyer_open_uid,
            sorted((line.oid, line.fen) for line in trade.lines),
        )
        for trade in world.trades
        if trade.created_at < end and window.start <= trade.modified(end) < window.end
    }


def _told_trade(row: Record) -> tuple[Any, ...]:
    lines = sorted((line["oid"], fen(line["divide_order_fee"])) for line in row["orders"]["order"])
    return row["status"], fen(row["payment"]), row["buyer_open_uid"], lines


def _refunds(world: World, window: Window, end: datetime) -> Facts:
    return {
        f"{refund.refund_id}|{text(refund.modified(end))}": (refund.tid, refund.oid, refund.status(end), refund.fen)
        for refund in world.refunds
        if refund.moments[0][0] < end and window.start <= refund.modified(end) < window.end
    }


def _shop_members(world: World, window: Window, end: datetime) -> Facts:
    found = {}
    for member in world.shop_members:
        state = member_state(member, world.trades_by_ouid.get(member.ouid, []), end)
        if state is not None and window.start <= state.modified_at < window.end:
            last = state.last_trade.tid if state.last_trade else None
            found[member.ouid] = (last, member.grade, "blacklist" if member.blacklisted else "normal")
    return found


TRUTH = {
    "trades": Truth(_trades, _told_trade),
    "refunds": Truth(_refunds, lambda row: (row["tid"], row["oid"], row["status"], fen(row["refund_fee"]))),
    "members": Truth(_shop_members, lambda row: (row.get("biz_order_id"), row["grade"], row["status"])),
}

WIRE = Wire(token="person")
