"""What the Douyin shop must bring."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from quanyu.contracts import Record, Window
from tests.sandbox.world import World
from tests.sandbox.world.systems import douyin_shop as chapter
from tests.truth import Facts, Truth, Wire

_STATUS = {"created": 1, "paid": 2, "shipped": 3, "finished": 5, "closed": 4, "cancelled": 4}
_AFTER_SALE = {"asked": 6, "granted": 12, "refused": 28}


def _orders(world: World, window: Window, end: datetime) -> Facts:
    return {
        f"{chapter.order_id(order)}|{int(order.modified(end).timestamp())}": (
            _STATUS[order.stage(end)],
            order.paid_fen,
            chapter.open_id(world, order.person),
            number and chapter.phone_index(world, number),
            sorted((line.item.sku, line.quantity, line.fen) for line in order.lines),
            {(chapter.sold(world, order).author_id, chapter.sold(world, order).room_id)},
        )
        for order in chapter.orders(world)
        if order.exists(end) and window.start <= order.modified(end) < window.end
        for number in [chapter.phone(world, order)]
    }


def _told_order(row: Record) -> tuple[Any, ...]:
    lines = row["sku_order_list"]
    return (
        row["order_status"],
        row["pay_amount"],
        row["doudian_open_id"],
        row["post_tel_index"] or "",
        sorted((line["out_sku_id"], line["item_num"], line["pay_amount"]) for line in lines),
        {(line["author_id"], line["room_id"]) for line in lines},
    )


def _after_sales(world: World, window: Window, end: datetime) -> Facts:
    return {
        f"{chapter.after_sale_id(order.refund)}|{int(order.refund.modified(end).timestamp())}": (
            chapter.order_id(order),
            _AFTER_SALE[order.refund.stage(end)],
            order.refund.fen,
            chapter.line_id(order, order.refund.line),
        )
        for order in chapter.orders(world)
        if order.refund is not None
        and order.refund.asked_at < end
        and window.start <= order.refund.modified(end) < window.end
    }


def _told_after_sale(row: Record) -> tuple[Any, ...]:
    info = row["aftersale_info"]
    return row["order_info"]["shop_order_id"], info["aftersale_status"], info["refund_amount"], info["related_id"]


TRUTH = {"orders": Truth(_orders, _told_order), "after_sales": Truth(_after_sales, _told_after_sale)}

WIRE = Wire(token="renews")
