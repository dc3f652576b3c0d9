"""What Pinduoduo must bring."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from quanyu.contracts import Record, Window
from tests.sandbox.world import World
from tests.sandbox.world.marketplace import Order
from tests.sandbox.world.systems.pinduoduo import is_shown, order_sn, orders, refund_id, refunds
from tests.truth import Facts, Truth, Wire, fen, text

_AFTER_SALES = {"asked": 2, "granted": 10, "refused": 6}


def _sent(order: Order, end: datetime) -> int:
    """1 to be sent, 2 sent, 3 received; a refund leaves it as it was."""
    return 1 + sum(moment is not None and moment < end for moment in (order.shipped_at, order.finished_at))


def _orders(world: World, window: Window, end: datetime) -> Facts:
    return {
        f"{order_sn(order)}|{text(order.modified(end))}": (
            _sent(order, end),
            order.paid_fen,
            sorted((line.item.sku, line.quantity) for line in order.lines),
        )
        for order in orders(world)
        if is_shown(order, end) and window.start <= order.modified(end) < window.end
    }


def _told_order(row: Record) -> tuple[Any, ...]:
    lines = sorted((line["outer_id"], line["goods_count"]) for line in row["item_list"])
    return row["order_status"], fen(row["pay_amount"]), lines


def _refunds(world: World, window: Window, end: datetime) -> Facts:
    return {
        f"{refund_id(refund)}|{text(refund.modified(end))}": (
            order_sn(order),
            refund.fen,
            _AFTER_SALES[refund.stage(end)],
        )
        for order, refund in refunds(world)
        if refund.asked_at < end and window.start <= refund.modified(end) < window.end
    }


TRUTH = {
    "orders": Truth(_orders, _told_order),
    "refunds": Truth(_refunds, lambda row: (row["order_sn"], fen(row["refund_amount"]), row["after_sales_status"])),
}

WIRE = Wire(token="renews")
