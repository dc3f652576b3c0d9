"""What the WeChat Store must bring."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from quanyu.contracts import Record, Window
from tests.sandbox.world import World
from tests.sandbox.world.openids import STORE_APPID, openid
from tests.sandbox.world.systems.wechat_store import after_sale_id, members, order_id, orders, unionid
from tests.truth import Facts, Truth, Wire

_STATUS = {"created": 10, "paid": 20, "shipped": 30, "finished": 100, "closed": 200, "cancelled": 250}
_MOVED = {"MERCHANT_REFUND_SUCCESS", "MERCHANT_RETURN_SUCCESS"}


def _orders(world: World, window: Window, end: datetime) -> Facts:
    return {
        f"{order_id(order)}|{int(order.modified(end).timestamp())}": (
            _STATUS[order.stage(end)],
            order.paid_fen,
            openid(world, STORE_APPID, order.person),
            unionid(world, world.person(order.person)),
            sorted((line.item.sku, line.quantity, line.fen) for line in order.lines),
        )
        for order in orders(world)
        if order.exists(end) and window.start <= order.modified(end) < window.end
    }


def _told_order(row: Record) -> tuple[Any, ...]:
    detail = row["order_detail"]
    lines = sorted((line["out_sku_id"], line["sku_cnt"], line["real_price"]) for line in detail["product_infos"])
    paid = detail["price_info"]["order_price"]
    return row["status"], paid, row["openid"], row.get("unionid", ""), lines


def _after_sales(world: World, window: Window, end: datetime) -> Facts:
    return {
        f"{after_sale_id(order.refund)}|{int(order.refund.modified(end).timestamp())}": (
            str(order_id(order)),
            order.refund.stage(end) == "granted",
            order.refund.fen,
        )
        for order in orders(world)
        if order.refund is not None
        and order.refund.asked_at < end
        and window.start <= order.refund.modified(end) < window.end
    }


def _members(world: World, _window: Window, end: datetime) -> Facts:
    return {
        member.openid: (member.unionid, member.phone, member.grade)
        for member in members(world)
        if member.joined_at < end
    }


TRUTH = {
    "orders": Truth(_orders, _told_order),
    "after_sales": Truth(
        _after_sales, lambda row: (row["order_id"], row["status"] in _MOVED, row["refund_info"]["amount"])
    ),
    "members": Truth(
        _members,
        lambda row: (
            row.get("union_id", ""),
            row["user_info"].get("phone_number", ""),
            row["user_grade_info"]["grade"],
        ),
    ),
}

WIRE = Wire(token="renews")
