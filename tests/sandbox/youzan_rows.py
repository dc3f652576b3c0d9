"""What Youzan says of a trade, a refund, a customer and a user; people as ciphers."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import TYPE_CHECKING, Any

from tests.sandbox.world.facts import text, yuan
from tests.sandbox.world.marketplace import Order, OrderLine, OrderRefund
from tests.sandbox.world.openids import MINI_APPID, openid
from tests.sandbox.world.systems import youzan as chapter

if TYPE_CHECKING:
    from tests.sandbox.world import World

Row = dict[str, Any]

_STATUS = {
    "created": ("WAIT_BUYER_PAY", "待付款"),
    "paid": ("WAIT_SELLER_SEND_GOODS", "待发货"),
    "shipped": ("WAIT_BUYER_CONFIRM_GOODS", "已发货"),
    "finished": ("TRADE_SUCCESS", "已完成"),
    "closed": ("TRADE_CLOSED", "已关闭"),
    "cancelled": ("TRADE_CLOSED", "已关闭"),
}
_REFUND = {"asked": "WAIT_SELLER_AGREE", "granted": "SUCCESS", "refused": "SELLER_REFUSE_BUYER"}
_PHONE, _MINI_PROGRAM = 0, 2


def trade(world: World, of: Order, at: datetime) -> Row:
    """A trade as of `at`."""
    status, words = _STATUS[of.stage(at)]
    province, city, district = of.town
    goods = sum(line.fen for line in of.lines)
    asked = of.refund is not None and of.refund.asked_at < at
    return {
        "order_info": {
            "tid": chapter.tid(of),
            "status": status,
            "status_str": words,
            "type": 0,
            "created": text(of.created_at),
            "update_time": text(of.modified(at)),
            "pay_time": _when(of.paid_at, at),
            "consign_time": _when(of.shipped_at, at),
            "success_time": _when(of.finished_at, at),
            "refund_state": 1 if asked else 0,
            "express_type": 0,
            "close_type": 0,
            "pay_type": 10,
            "offline_id": 0,
            "order_tags": {"is_member": of.number % 2 == 0, "is_offline_order": False},
            "order_extra": {},
        },
        "buyer_info": {
            "yz_open_id": chapter.yz_open_id(world, of.person),
            "buyer_phone": _cipher(world, f"phone {of.person}"),
            "outer_user_id": openid(world, MINI_APPID, of.person),
        },
        "address_info": {
            "receiver_name": _cipher(world, f"name {of.number}"),
            "receiver_tel": _cipher(world, f"tel {of.number}"),
            "delivery_province": province,
            "delivery_city": city,
            "delivery_district": district,
            "delivery_address": _cipher(world, f"address {of.number}"),
        },
        "pay_info": {
            "total_fee": yuan(goods),
            "post_fee": yuan(of.post_fen),
            "payment": yuan(of.paid_fen),
            "real_payment": yuan(of.paid_fen),
            "deduction_pay": 0,
        },
        "orders": [_line(of, line) for line in of.lines],
        "source_info": {
            "is_offline_order": False,
            "source": {"platform": "wx", "wx_entrance": "mini_program"},
        },
        "remark_info": {"buyer_message": f"{world.person(of.person).name}收" if of.number % 5 == 0 else ""},
    }


def _line(of: Order, line: OrderLine) -> Row:
    return {
        "oid": chapter.oid(of, line),
        "item_id": 900_000_000 + int(line.item.item_no),
        "sku_id": 36_000_000 + int(line.item.item_no),
        "title": line.item.title,
        "num": line.quantity,
        "price": yuan(line.item.fen),
        "total_fee": yuan(line.fen),
        "payment": yuan(line.fen),
        "discount_price": yuan(line.fen // line.quantity),
        "outer_item_id": line.item.item_no,
        "outer_sku_id": line.item.sku,
    }


def refund(of: Order, asked: OrderRefund, at: datetime) -> Row:
    """A refund as of `at`."""
    return {
        "refund_id": chapter.refund_id(asked),
        "status": _REFUND[asked.stage(at)],
        "tid": chapter.tid(of),
        "kdt_id": int(chapter.KDT_ID),
        "return_goods": asked.has_goods,
        "reason": 11,
        "refund_fee": yuan(asked.fen),
        "created": text(asked.asked_at),
        "modified": text(asked.modified(at)),
    }


def customer(world: World, of: chapter.Customer, at: datetime) -> Row:
    """A customer as of `at`: a point for every yuan paid."""
    paid = of.paid_orders(at)
    return {
        "yz_open_id": chapter.yz_open_id(world, of.person),
        "name": _cipher(world, f"name of {of.person}"),
        "mobile": _cipher(world, f"phone {of.person}"),
        "is_member": int(of.is_member),
        "points": sum(order.paid_fen for order in paid) // 100,
        "trade_count": len(paid),
        "created_at": int(of.created_at.timestamp()),
        "is_mobile_auth": of.is_member,
    }


def users(world: World, person_id: str, wanted: Collection[int]) -> list[Row]:
    """The users behind a customer: the one of the phone, and the one of the mini program."""
    person = world.person(person_id)
    private = {"mobile": _cipher(world, f"phone {person_id}"), "nick_name": person.name, "avatar": "https://img"}
    of_phone = {"primitive_info": {"yz_open_id": chapter.yz_open_id(world, person_id)}, "private_info": private}
    bound = chapter.unionid(world, person)
    found = {
        _PHONE: {**of_phone, "platform_info": {"platform_type": _PHONE}, "wechat_info": {}},
        _MINI_PROGRAM: {
            **of_phone,
            "platform_info": {
                "platform_type": _MINI_PROGRAM,
                "weixin_open_id": openid(world, MINI_APPID, person_id),
            },
            "wechat_info": {"wechat_type": _MINI_PROGRAM, **({"union_id": bound} if bound else {})},
        },
    }
    return [row for kind, row in found.items() if kind in wanted]


def _cipher(world: World, of: str) -> str:
    return f"${world.code('youzan cipher', of, '', 40)}$1$"


def _when(moment: datetime | None, at: datetime) -> str:
    return text(moment) if moment is not None and moment < at else ""
