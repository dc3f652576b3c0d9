"""What Pinduoduo says of an order and a refund: yuan as JSON numbers here and as texts there, nobody's id anywhere."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from tests.sandbox.world.facts import text, yuan
from tests.sandbox.world.marketplace import Order, OrderRefund
from tests.sandbox.world.systems import pinduoduo as chapter

if TYPE_CHECKING:
    from tests.sandbox.world import World

Row = dict[str, Any]

_ASKED = {"asked": (2, 2), "granted": (4, 10), "refused": (1, 6)}
"""What an order says of its refund (`refund_status`), and its after-sale."""


def order(world: World, of: Order, at: datetime) -> Row:
    """An order as of `at`."""
    sent, received = (_known(moment, at) for moment in (of.shipped_at, of.finished_at))
    asked = of.refund is not None and of.refund.asked_at < at
    refund_status, after_sales = _ASKED[of.refund.stage(at)] if of.refund is not None and asked else (1, 0)
    saved = (of.list_fen - sum(line.fen for line in of.lines)) / 100
    return {
        "order_sn": chapter.order_sn(of),
        "order_status": 1 + (sent is not None) + (received is not None),
        "refund_status": refund_status,
        "after_sales_status": after_sales,
        "confirm_status": 1,
        "group_status": 1,
        "risk_control_status": 0,
        "trade_type": 0,
        "is_lucky_flag": 1,
        "created_time": text(of.created_at),
        "confirm_time": text(of.paid_at),
        "pay_time": text(of.paid_at),
        "shipping_time": text(sent),
        "receive_time": text(received),
        "updated_at": text(of.modified(at)),
        "goods_amount": of.list_fen / 100,
        "discount_amount": saved,
        "platform_discount": 0.0,
        "seller_discount": saved,
        "pay_amount": of.paid_fen / 100,
        "postage": of.post_fen / 100,
        "order_change_amount": 0.0,
        "pay_type": "WEIXIN",
        "self_contained": 1 if of.store else 0,
        **(
            {"store_info": {"store_id": int(of.store[1:]), "store_name": f"{of.store}店", "store_number": of.store}}
            if of.store
            else {}
        ),
        **_receiver(world, of, is_waiting=sent is None and not asked),
        "buyer_memo": f"{world.person(of.person).name}收" if of.number % 4 == 0 else "",
        "remark": "",
        "pay_no": f"4200{of.number:024d}",
        "item_list": [
            {
                "goods_id": 86_000_000 + int(line.item.item_no),
                "sku_id": 1_318_200_000_000 + int(line.item.item_no),
                "outer_id": line.item.sku,
                "outer_goods_id": line.item.item_no,
                "goods_name": line.item.title,
                "goods_spec": "默认",
                "goods_count": line.quantity,
                "goods_price": line.item.fen / 100,
            }
            for line in of.lines
        ],
        "gift_list": [{"goods_id": 86_609_901, "goods_name": "赠品 围嘴", "goods_count": 1}]
        if of.number % 9 == 0
        else [],
    }


def _receiver(world: World, of: Order, *, is_waiting: bool) -> Row:
    """Ciphertext while it waits to be sent, then nothing."""
    province, city, town = of.town

    def secret(what: str) -> str:
        return f"~{world.code(f'pdd {what}', of.person, '', 40)}~0~~" if is_waiting else ""

    return {
        "province": province,
        "province_id": 31,
        "city": city,
        "city_id": 383,
        "town": town,
        "town_id": 3232,
        "receiver_name": secret("name"),
        "receiver_phone": secret("phone"),
        "receiver_address": secret("address"),
        "receiver_name_mask": f"{world.person(of.person).name[0]}*" if is_waiting else "",
        "receiver_phone_mask": "138****0000" if is_waiting else "",
        "receiver_address_mask": "***" if is_waiting else "",
    }


def refund(of: Order, refund: OrderRefund, at: datetime) -> Row:
    """A refund as of `at`."""
    item = refund.line.item
    return {
        "id": chapter.refund_id(refund),
        "order_sn": chapter.order_sn(of),
        "after_sales_status": _ASKED[refund.stage(at)][1],
        "after_sales_type": 3 if refund.has_goods else 2,
        "after_sale_reason": refund.reason,
        "order_amount": yuan(of.paid_fen),
        "refund_amount": yuan(refund.fen),
        "discount_amount": yuan(of.list_fen - sum(line.fen for line in of.lines)),
        "goods_price": yuan(item.fen),
        "sku_id": str(1_318_200_000_000 + int(item.item_no)),
        "goods_id": 86_000_000 + int(item.item_no),
        "goods_name": item.title,
        "goods_number": str(refund.line.quantity),
        "outer_id": item.sku,
        "outer_goods_id": item.item_no,
        "good_image": "https://img.example/1.jpeg",
        "created_time": text(refund.asked_at),
        "confirm_time": text(of.paid_at),
        "updated_time": text(refund.modified(at)),
        "speed_refund_flag": 0,
        "dispute_refund_status": 0,
    }


def _known(moment: datetime | None, at: datetime) -> datetime | None:
    """The moment, once it has come."""
    return moment if moment is not None and moment < at else None
