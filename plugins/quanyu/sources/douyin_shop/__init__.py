"""Douyin shop (抖店): orders with the live session or creator that sold them, and after-sales.

What: orders and after-sales by the time of their change, amounts in integer fen, times in epoch seconds (0: never).
Live sessions and creators have no list of their own that we know of: they are read off the lines of the orders
(`author_id`, `room_id`), so staging knows the sessions and creators that sold something, and no others.

Of the buyer there is `doudian_open_id`. Names, addresses, masks and ciphers are dropped; of the phone's cipher the
middle part stays, `post_tel_index`: equal for equal numbers of one shop, and nobody's number. It is a pseudonym.

Why a re-run is safe: an order or after-sale is kept once per change (`update_time`). The last day is read again.

    day by day -> pages from the last to the first, so an order that changes meanwhile costs no other -> rows by id
    token dead -> refreshed once; where the refresh is refused, the shop's own app mints a new pair

Guesses: both ends of a range belong to it; the index covers the whole number; the app's own pair can be minted at any
time; ids of after-sales as number or text (both are read); 60000 is a throttle, 70000 a switched-off API; the QPS
(`extra.requests_per_second`); `expires_in` as a span or as a moment (both are read).

Alone: python -m quanyu.sources.douyin_shop --date 2026-11-20
"""

from __future__ import annotations

from collections.abc import Iterator

from quanyu.contracts import Entity, Mode, Page, Source, Window
from quanyu.sources.douyin_shop import listings
from quanyu.sources.douyin_shop.client import Doudian, connect


def _orders(client: Doudian, window: Window) -> Iterator[Page]:
    return listings.orders(client, window)


def _after_sales(client: Doudian, window: Window) -> Iterator[Page]:
    return listings.after_sales(client, window)


_LINE = "sku_order_list[]"
_INFO = "aftersale_info"
_OF_ORDER = "order_info.related_order_info[]"

SOURCE = Source(
    name="douyin_shop",
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
                "shop_id": "integer",
                "shop_name": "text?",
                "order_status": "integer",
                "main_status": "integer?",
                "order_type": "integer?",
                "trade_type": "integer?",
                "b_type": "integer?",
                "open_id": "text?",
                "doudian_open_id": "text?",
                "post_tel_index": "text?",
                "create_time": "integer",
                "pay_time": "integer?",
                "update_time": "integer",
                "finish_time": "integer?",
                "ship_time": "integer?",
                "exp_ship_time": "integer?",
                "order_amount": "integer",
                "pay_amount": "integer",
                "post_amount": "integer?",
                "promotion_amount": "integer?",
                "promotion_shop_amount": "integer?",
                "promotion_platform_amount": "integer?",
                "promotion_talent_amount": "integer?",
                **{
                    f"post_addr.{level}.{of}": "text?"
                    for level in ("province", "city", "town")
                    for of in ("name", "id")
                },
                "sku_order_list": "array",
                f"{_LINE}.order_id": "text",
                f"{_LINE}.parent_order_id": "text?",
                f"{_LINE}.product_id": "integer",
                f"{_LINE}.product_id_str": "text?",
                f"{_LINE}.product_name": "text?",
                f"{_LINE}.sku_id": "integer?",
                f"{_LINE}.out_sku_id": "text?",
                f"{_LINE}.code": "text?",
                f"{_LINE}.item_num": "integer",
                f"{_LINE}.origin_amount": "integer?",
                f"{_LINE}.sum_amount": "integer?",
                f"{_LINE}.order_amount": "integer?",
                f"{_LINE}.pay_amount": "integer",
                f"{_LINE}.author_id": "integer?",
                f"{_LINE}.author_name": "text?",
                f"{_LINE}.room_id": "integer?",
                f"{_LINE}.c_biz": "integer?",
                f"{_LINE}.after_sale_info.after_sale_status": "integer?",
                f"{_LINE}.after_sale_info.after_sale_type": "integer?",
                f"{_LINE}.after_sale_info.refund_status": "integer?",
                f"{_LINE}.store_info.store_id": "text?",
                f"{_LINE}.store_info.store_name": "text?",
                f"{_LINE}.spec": "array?",
                f"{_LINE}.spec[].name": "text?",
                f"{_LINE}.spec[].value": "text?",
            },
            read=_orders,
            reread_days=1,
        ),
        Entity(
            name="after_sales",
            key=(f"{_INFO}.aftersale_id",),
            mode=Mode.INCREMENT,
            version=f"{_INFO}.update_time",
            fields={
                f"{_INFO}.aftersale_id": "text",
                f"{_INFO}.aftersale_type": "integer",
                f"{_INFO}.aftersale_status": "integer",
                f"{_INFO}.refund_amount": "integer",
                f"{_INFO}.refund_post_amount": "integer?",
                f"{_INFO}.apply_time": "integer",
                f"{_INFO}.update_time": "integer",
                f"{_INFO}.related_id": "text?",
                f"{_INFO}.aftersale_num": "integer?",
                f"{_INFO}.refund_status": "integer?",
                "order_info.shop_order_id": "text",
                "order_info.related_order_info": "array?",
                f"{_OF_ORDER}.sku_order_id": "text?",
                f"{_OF_ORDER}.pay_amount": "integer?",
            },
            read=_after_sales,
            reread_days=1,
        ),
    ),
)
