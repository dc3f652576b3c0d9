"""Pinduoduo (拼多多): a shop's orders and refunds.

What: orders and refunds by the time of their change. Amounts are yuan: the platform sends them as JSON numbers at one
time and as texts at another, and they land as text with the digits they came with. There is no id of a buyer in any
answer, so nothing here says who somebody is; receivers (ciphertext and masks), notes and card numbers are dropped.

Why a re-run is safe: every row carries its key and its own change time, reading changes nothing at Pinduoduo, and a
row that changes while we read shows up again in the window of its new change time.

    half an hour -> count -> more than a page: pages last to first -> rows by key and change time
    a window that ended less than three minutes ago -> NotReady, since changes arrive late

Guesses: both ends of a window belong to it; the three minutes hold for refunds as for orders; `store_info` holds id,
name and number of a pick-up store. `refund_amount` is the list's, in yuan: the detail's (`pdd.refund.information.get`)
is a number of another unit, probably fen, and is not read.

Alone: python -m quanyu.sources.pinduoduo --date 2026-11-20 --entity orders
"""

from __future__ import annotations

from collections.abc import Iterator

from quanyu.contracts import Entity, Mode, Page, Source, Window
from quanyu.paging import wall_clock
from quanyu.sources.pinduoduo.client import Listing, Pinduoduo, connect

_ORDERS = Listing(
    type="pdd.order.number.list.increment.get",
    answer="order_sn_increment_get_response",
    rows="order_sn_list",
    key="order_sn",
    changed=wall_clock("updated_at"),
    can_skip_count=True,
    # Every state, refunded or not, drawn by lot or not.
    parameters={"order_status": "5", "refund_status": "5", "is_lucky_flag": "0"},
)
_REFUNDS = Listing(
    type="pdd.refund.list.increment.get",
    answer="refund_increment_get_response",
    rows="refund_list",
    key="id",
    changed=wall_clock("updated_time"),
    can_skip_count=False,
    parameters={"after_sales_status": "1", "after_sales_type": "1"},
)


def _orders(client: Pinduoduo, window: Window) -> Iterator[Page]:
    return client.changed_rows("pinduoduo.orders", _ORDERS, window)


def _refunds(client: Pinduoduo, window: Window) -> Iterator[Page]:
    return client.changed_rows("pinduoduo.refunds", _REFUNDS, window)


_LINE = "item_list[]"
_GIFT = "gift_list[]"

SOURCE = Source(
    name="pinduoduo",
    about=__doc__,
    connect=connect,
    entities=(
        Entity(
            name="orders",
            key=("order_sn",),
            mode=Mode.INCREMENT,
            version="updated_at",
            fields={
                "order_sn": "text",
                "order_status": "integer",
                "refund_status": "integer",
                "after_sales_status": "integer?",
                "confirm_status": "integer?",
                "group_status": "integer?",
                "risk_control_status": "integer?",
                "trade_type": "integer?",
                "is_lucky_flag": "integer?",
                "created_time": "text",
                "confirm_time": "text?",
                "pay_time": "text?",
                "shipping_time": "text?",
                "receive_time": "text?",
                "updated_at": "text",
                "goods_amount": "text?",
                "discount_amount": "text?",
                "platform_discount": "text?",
                "seller_discount": "text?",
                "pay_amount": "text",
                "postage": "text?",
                "order_change_amount": "text?",
                "pay_type": "text?",
                "province": "text?",
                "province_id": "integer?",
                "city": "text?",
                "city_id": "integer?",
                "town": "text?",
                "town_id": "integer?",
                "self_contained": "integer?",
                "store_info.store_id": "integer?",
                "store_info.store_name": "text?",
                "store_info.store_number": "text?",
                "item_list": "array",
                f"{_LINE}.goods_id": "integer",
                f"{_LINE}.sku_id": "integer",
                f"{_LINE}.outer_id": "text?",
                f"{_LINE}.outer_goods_id": "text?",
                f"{_LINE}.goods_name": "text?",
                f"{_LINE}.goods_spec": "text?",
                f"{_LINE}.goods_count": "integer",
                f"{_LINE}.goods_price": "text?",
                "gift_list": "array?",
                f"{_GIFT}.goods_id": "integer?",
                f"{_GIFT}.goods_name": "text?",
                f"{_GIFT}.goods_count": "integer?",
            },
            read=_orders,
            reread_days=1,
        ),
        Entity(
            name="refunds",
            key=("id",),
            mode=Mode.INCREMENT,
            version="updated_time",
            fields={
                "id": "integer",
                "order_sn": "text",
                "after_sales_status": "integer",
                "after_sales_type": "integer",
                "after_sale_reason": "text?",
                "order_amount": "text?",
                "refund_amount": "text",
                "discount_amount": "text?",
                "goods_price": "text?",
                "sku_id": "text?",
                "goods_id": "integer?",
                "goods_name": "text?",
                "goods_number": "text?",
                "outer_id": "text?",
                "outer_goods_id": "text?",
                "created_time": "text",
                "confirm_time": "text?",
                "updated_time": "text",
                "speed_refund_flag": "integer?",
                "dispute_refund_status": "integer?",
            },
            read=_refunds,
            reread_days=1,
        ),
    ),
)
