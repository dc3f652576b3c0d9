"""What the mall at Youzan must bring."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from quanyu.contracts import Record, Window
from tests.sandbox.world import World
from tests.sandbox.world.openids import MINI_APPID, openid
from tests.sandbox.world.systems import youzan as chapter
from tests.truth import Facts, Truth, Wire, fen, text

_STATUS = {
    "created": "WAIT_BUYER_PAY",
    "paid": "WAIT_SELLER_SEND_GOODS",
    "shipped": "WAIT_BUYER_CONFIRM_GOODS",
    "finished": "TRADE_SUCCESS",
    "closed": "TRADE_CLOSED",
    "cancelled": "TRADE_CLOSED",
}


def _trades(world: World, window: Window, end: datetime) -> Facts:
    return {
        f"{chapter.tid(order)}|{text(order.modified(end))}": (
            _STATUS[order.stage(end)],
            order.paid_fen,
            chapter.yz_open_id(world, order.person),
            openid(world, MINI_APPID, order.person),
            MINI_APPID,
            sorted((line.item.sku, line.quantity, line.fen) for line in order.lines),
        )
        for order in chapter.orders(world)
        if order.exists(end) and window.start <= order.modified(end) < window.end
    }


def _told_trade(row: Record) -> tuple[Any, ...]:
    buyer = row["buyer_info"]
    return (
        row["order_info"]["status"],
        fen(row["pay_info"]["payment"]),
        buyer["yz_open_id"],
        buyer["outer_user_id"],
        buyer["outer_user_appid"],
        sorted((line["outer_sku_id"], line["num"], fen(line["payment"])) for line in row["orders"]),
    )


def _refunds(world: World, window: Window, end: datetime) -> Facts:
    return {
        f"{chapter.refund_id(order.refund)}|{text(order.refund.modified(end))}": (
            chapter.tid(order),
            order.refund.stage(end) == "granted",
            order.refund.fen,
        )
        for order in chapter.orders(world)
        if order.refund is not None
        and order.refund.asked_at < end
        and window.start <= order.refund.modified(end) < window.end
    }


def _customers(world: World, _: Window, end: datetime) -> Facts:
    return {
        chapter.yz_open_id(world, of.person): (int(of.is_member), len(of.paid_orders(end)))
        for of in chapter.customers(world)
        if of.created_at < end
    }


def _users(world: World, window: Window, end: datetime) -> Facts:
    seen = [(order.person, order.modified(end)) for order in chapter.orders(world) if order.exists(end)]
    seen += [(of.person, of.created_at) for of in chapter.customers(world) if of.created_at < end]
    return {
        f"{chapter.yz_open_id(world, person)}|{text(at)}": (
            MINI_APPID,
            openid(world, MINI_APPID, person),
            chapter.unionid(world, world.person(person)),
        )
        for person, at in seen
        if window.start <= at < window.end
    }


def _told_user(row: Record) -> tuple[Any, ...]:
    (user,) = row["user_list"]
    return user["appid"], user["platform_info"]["weixin_open_id"], user["wechat_info"].get("union_id", "")


TRUTH = {
    "trades": Truth(_trades, _told_trade),
    "refunds": Truth(_refunds, lambda row: (row["tid"], row["status"] == "SUCCESS", fen(row["refund_fee"]))),
    "customers": Truth(_customers, lambda row: (row["is_member"], row["trade_count"])),
    "users": Truth(_users, _told_user),
}

WIRE = Wire(token="renews")
