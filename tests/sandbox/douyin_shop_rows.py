"""What the Douyin shop says of an order and of an after-sale; people in ciphers and masks only."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from tests.sandbox.world.marketplace import Order, OrderLine, OrderRefund
from tests.sandbox.world.systems import douyin_shop as chapter

if TYPE_CHECKING:
    from tests.sandbox.world import World

Row = dict[str, Any]

_STATUS = {"created": 1, "paid": 2, "shipped": 3, "finished": 5, "closed": 4, "cancelled": 4}
_AFTER_SALE = {"asked": 6, "granted": 12, "refused": 28}
_REFUNDED_UNSHIPPED, _REFUNDED_SHIPPED = 21, 22


def status(order: Order, at: datetime) -> int:
    """`order_status` just before `at`."""
    return _STATUS[order.stage(at)]


def order(world: World, of: Order, at: datetime) -> Row:
    """An order as of `at`; 0 is a time that has not come."""
    number, sold = chapter.order_id(of), chapter.sold(world, of)
    refund = of.refund if of.refund is not None and of.refund.asked_at < at else None
    goods = sum(line.fen for line in of.lines)
    buyer = chapter.open_id(world, of.person)
    main = status(of, at)
    if of.stage(at) == "closed":
        main = _REFUNDED_SHIPPED if of.shipped_at else _REFUNDED_UNSHIPPED
    return {
        "order_id": number,
        "shop_id": chapter.SHOP_ID,
        "shop_name": "全域母婴旗舰店",
        "order_status": status(of, at),
        "main_status": main,
        "order_type": 0,
        "trade_type": 0,
        "b_type": 2,
        "open_id": buyer,
        "doudian_open_id": buyer,
        "create_time": int(of.created_at.timestamp()),
        "pay_time": _when(of.paid_at, at),
        "update_time": int(of.modified(at).timestamp()),
        "finish_time": _when(of.finished_at, at),
        "ship_time": _when(of.shipped_at, at),
        "exp_ship_time": int((of.created_at + timedelta(days=2)).timestamp()),
        "order_amount": of.list_fen + of.post_fen,
        "pay_amount": of.paid_fen,
        "post_amount": of.post_fen,
        "promotion_amount": of.list_fen - goods,
        "promotion_shop_amount": of.list_fen - goods,
        "promotion_platform_amount": 0,
        "promotion_talent_amount": 0,
        **_receiver(world, of),
        "sku_order_list": [_line(of, line, refund, sold, at) for line in of.lines],
        "logistics_info": [],
    }


def _receiver(world: World, of: Order) -> Row:
    name, phone = world.person(of.person).name, chapter.phone(world, of)
    province, city, town = of.town
    cipher = world.code("douyin cipher", str(of.number), "", 44)
    return {
        "encrypt_post_tel": f"$${chapter.phone_index(world, phone)}${cipher}$1$$" if phone else "",
        "encrypt_post_receiver": f"##{cipher}#1##",
        "mask_post_tel": f"{phone[:1]}********{phone[-2:]}" if phone else "",
        "mask_post_receiver": f"{name[0]}*",
        "post_addr": {
            "province": {"name": province, "id": "33"},
            "city": {"name": city, "id": "330100"},
            "town": {"name": town, "id": "330110"},
            "street": {"name": "五常街道", "id": "330110013"},
            "encrypt_detail": f"##{cipher[::-1]}#1##",
        },
    }


def _line(of: Order, line: OrderLine, refund: OrderRefund | None, sold: chapter.Sold, at: datetime) -> Row:
    asked = refund if refund is not None and refund.line.number == line.number else None
    product = 3_512_345_600_000_000_000 + int(line.item.item_no)
    return {
        "order_id": chapter.line_id(of, line),
        "parent_order_id": chapter.order_id(of),
        "product_id": product,
        "product_id_str": str(product),
        "product_name": line.item.title,
        "sku_id": 1_712_345_600_000_000 + int(line.item.item_no),
        "out_sku_id": line.item.sku,
        "code": line.item.sku,
        "item_num": line.quantity,
        "origin_amount": line.item.fen,
        "sum_amount": line.item.fen * line.quantity,
        "order_amount": line.item.fen * line.quantity,
        "pay_amount": line.fen,
        "author_id": sold.author_id,
        "author_name": sold.author_name,
        "room_id": sold.room_id,
        "c_biz": 2 if sold.author_id else 1,
        "after_sale_info": {
            "after_sale_status": _AFTER_SALE[asked.stage(at)] if asked else 0,
            "after_sale_type": _type(of, asked) if asked else 0,
            "refund_status": 3 if asked and asked.stage(at) == "granted" else 0,
        },
        "store_info": {"store_id": of.store, "store_name": f"门店{of.store}" if of.store else ""},
        "spec": [{"name": "规格", "value": line.item.title.split()[-1]}],
    }


def after_sale(of: Order, refund: OrderRefund, at: datetime) -> Row:
    """An after-sale as of `at`."""
    return {
        "aftersale_info": {
            "aftersale_id": chapter.after_sale_id(refund),
            "aftersale_type": _type(of, refund),
            "aftersale_status": _AFTER_SALE[refund.stage(at)],
            "refund_amount": refund.fen,
            "refund_post_amount": 0,
            "apply_time": int(refund.asked_at.timestamp()),
            "update_time": int(refund.modified(at).timestamp()),
            "related_id": int(chapter.line_id(of, refund.line)),
            "aftersale_num": refund.line.quantity,
            "refund_status": 3 if refund.stage(at) == "granted" else 0,
        },
        "order_info": {
            "shop_order_id": chapter.order_id(of),
            "related_order_info": [{"sku_order_id": chapter.line_id(of, refund.line), "pay_amount": refund.line.fen}],
        },
        "text_part": {"reason_text": refund.reason, "aftersale_status_text": "售后"},
    }


def _type(of: Order, refund: OrderRefund) -> int:
    """0 goods come back, 1 money only after sending, 2 money only before it."""
    if refund.has_goods:
        return 0
    return 1 if of.shipped_at is not None and of.shipped_at < refund.asked_at else 2


def _when(moment: datetime | None, at: datetime) -> int:
    return int(moment.timestamp()) if moment is not None and moment < at else 0
