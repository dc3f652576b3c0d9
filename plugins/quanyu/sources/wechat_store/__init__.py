"""WeChat Store (微信小店): orders, after-sales and members.

What: orders and after-sales by the time of their change, amounts in integer fen, times in epoch seconds; members with
openid, union_id and, where the platform shows it, the phone. Receivers, notes and reasons in words are dropped.

Why a re-run is safe: an order or after-sale is kept once per change (`update_time`); members are a snapshot, and a
list that is shorter than announced is an error. The last day is read again, since changes arrive late.

    stable_token -> ids of a window (7 days; 24 hours for after-sales) by next_key -> one call per id -> rows by id
    members: page by page while page_num * 100 < total_num

Guesses: both ends of a range belong to it; the after-sale list takes a range of update times at every store (older
documents know only create times); a member page holds up to 100; `order_id` is a number or a text (both are read).

Alone: python -m quanyu.sources.wechat_store --date 2026-11-20
"""

from __future__ import annotations

from collections.abc import Iterator

from quanyu.contracts import Entity, Mode, Page, Personal, Source, Window
from quanyu.sources.wechat_store.client import AFTER_SALES, ORDERS, changed, connect, members
from quanyu.wechat import WeChat


def _orders(client: WeChat, window: Window) -> Iterator[Page]:
    return changed(client, "wechat_store.orders", ORDERS, window)


def _after_sales(client: WeChat, window: Window) -> Iterator[Page]:
    return changed(client, "wechat_store.after_sales", AFTER_SALES, window)


def _members(client: WeChat, window: Window) -> Iterator[Page]:
    return members(client, f"wechat_store.members {max(window.days())}")


_LINE = "order_detail.product_infos[]"
_PRICE = "order_detail.price_info"

SOURCE = Source(
    name="wechat_store",
    about=__doc__,
    connect=connect,
    entities=(
        Entity(
            name="orders",
            key=("order_id",),
            mode=Mode.INCREMENT,
            version="update_time",
            fields={
                "order_id": "text",
                "status": "integer",
                "openid": "text",
                "unionid": "text?",
                "create_time": "integer",
                "update_time": "text",
                "order_detail.product_infos": "array",
                f"{_LINE}.product_id": "text",
                f"{_LINE}.sku_id": "text",
                f"{_LINE}.sku_cnt": "integer",
                f"{_LINE}.title": "text?",
                f"{_LINE}.sku_code": "text?",
                f"{_LINE}.sale_price": "integer?",
                f"{_LINE}.real_price": "integer",
                f"{_LINE}.market_price": "integer?",
                f"{_LINE}.out_product_id": "text?",
                f"{_LINE}.out_sku_id": "text?",
                f"{_LINE}.on_aftersale_sku_cnt": "integer?",
                f"{_LINE}.finish_aftersale_sku_cnt": "integer?",
                "order_detail.pay_info.pay_time": "integer?",
                "order_detail.pay_info.transaction_id": "text?",
                f"{_PRICE}.product_price": "integer?",
                f"{_PRICE}.order_price": "integer",
                f"{_PRICE}.freight": "integer?",
                f"{_PRICE}.discounted_price": "integer?",
                f"{_PRICE}.original_order_price": "integer?",
                f"{_PRICE}.merchant_receieve_price": "integer?",
                "order_detail.ext_info.confirm_receipt_time": "integer?",
                "order_detail.ext_info.finder_id": "text?",
                "order_detail.ext_info.live_id": "text?",
                "order_detail.ext_info.order_scene": "integer?",
                "order_detail.sharer_info.sharer_openid": "text?",
                "order_detail.sharer_info.sharer_unionid": "text?",
                "aftersale_detail.aftersale_order_list": "array?",
                "aftersale_detail.aftersale_order_list[].aftersale_order_id": "text?",
            },
            read=_orders,
            reread_days=1,
        ),
        Entity(
            name="after_sales",
            key=("after_sale_order_id",),
            mode=Mode.INCREMENT,
            version="update_time",
            fields={
                "after_sale_order_id": "text",
                "status": "text",
                "order_id": "text",
                "openid": "text?",
                "unionid": "text?",
                "product_info.product_id": "text?",
                "product_info.sku_id": "text?",
                "product_info.count": "integer?",
                "refund_info.amount": "integer",
                "type": "text",
                "create_time": "integer",
                "update_time": "text",
                "reason": "text?",
            },
            read=_after_sales,
            reread_days=1,
        ),
        Entity(
            name="members",
            key=("openid",),
            mode=Mode.SNAPSHOT,
            # `union_id` here, `unionid` in orders.
            fields={
                "openid": "text",
                "union_id": "text?",
                "user_info.phone_number": "text?",
                "user_grade_info.grade": "integer?",
                "user_grade_info.experience_value": "integer?",
            },
            personal={"user_info.phone_number": Personal.PHONE},
            read=_members,
        ),
    ),
)
