"""What JD must bring."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from quanyu.contracts import Record, Window
from tests.sandbox.world import World
from tests.sandbox.world.systems.jd import is_shown, members, open_id, order_id, orders, pin, refund_id, refunds, xid
from tests.truth import Facts, Truth, Wire, fen, text

_STATE = {
    "paid": "WAIT_SELLER_STOCK_OUT",
    "shipped": "WAIT_GOODS_RECEIVE_CONFIRM",
    "finished": "FINISHED_L",
    "closed": "TRADE_CANCELED",
}


def _orders(world: World, window: Window, end: datetime) -> Facts:
    return {
        f"{order_id(order)}|{text(order.modified(end))}": (
            _STATE[order.stage(end)],
            order.paid_fen,
            pin(world, order.person),
            open_id(world, order.person),
            xid(world, order.person),
            sorted((line.item.sku, line.quantity) for line in order.lines),
        )
        for order in orders(world)
        if is_shown(order, end) and window.start <= order.modified(end) < window.end
    }


def _told_order(row: Record) -> tuple[Any, ...]:
    lines = sorted((line["outerSkuId"], int(line["itemTotal"])) for line in row["itemInfoList"])
    who = row["pin"], row["open_id_buyer"], row["xid_buyer"]
    return row["orderState"], fen(row["orderPayment"]), *who, lines


def _after_sales(world: World, window: Window, end: datetime) -> Facts:
    return {
        str(refund_id(refund.of)): (order_id(refund.order), refund.of.fen, refund.status(end))
        for refund in refunds(world)
        if refund.of.decided_at < end and window.start <= refund.of.decided_at < window.end
    }


def _members(world: World, _window: Window, end: datetime) -> Facts:
    return {
        pin(world, member.person): (str(member.grade), len(placed))
        for member in members(world)
        if (placed := [order for order in member.orders if is_shown(order, end)])
    }


TRUTH = {
    "orders": Truth(_orders, _told_order),
    "after_sales": Truth(
        _after_sales,
        lambda row: (row["sameOrderServiceBill"]["orderId"], fen(row["refoundAmount"]), row["status"]),
    ),
    "members": Truth(_members, lambda row: (row["grade"], row["trade_count"])),
}

WIRE = Wire(token="renews")
