"""What the push database of Tmall must bring: by when it was pushed, the trades and refunds that Tmall shows."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from quanyu.contracts import Record, Window
from tests.sandbox.world import World
from tests.sandbox.world.systems import tmall_push
from tests.truth import Facts, Truth, Wire, fen, text

_MOMENT = timedelta(microseconds=1)


def _trades(world: World, window: Window, end: datetime) -> Facts:
    found = {}
    for pushed in tmall_push.trades(world):
        push = pushed.at(end)
        if push is not None and window.start <= push[1] < window.end:
            trade = pushed.of
            found[f"{trade.tid}|{text(push[0])}"] = (
                trade.status(push[0] + _MOMENT),
                trade.payment_fen,
                trade.buyer_open_uid,
                sorted((line.oid, line.fen) for line in trade.lines),
            )
    return found


def _told_trade(row: Record) -> tuple[Any, ...]:
    lines = sorted((line["oid"], fen(line["divide_order_fee"])) for line in row["orders"]["order"])
    return row["status"], fen(row["payment"]), row["buyer_open_uid"], lines


def _refunds(world: World, window: Window, end: datetime) -> Facts:
    found = {}
    for pushed in tmall_push.refunds(world):
        push = pushed.at(end)
        if push is not None and window.start <= push[1] < window.end:
            refund = pushed.of
            key = f"{refund.refund_id}|{text(push[0])}"
            found[key] = (refund.tid, refund.oid, refund.status(push[0] + _MOMENT), refund.fen)
    return found


TRUTH = {
    "trades": Truth(_trades, _told_trade),
    "refunds": Truth(_refunds, lambda row: (row["tid"], row["oid"], row["status"], fen(row["refund_fee"]))),
}

WIRE = Wire(speaks="sql", token="none", drifts="")
