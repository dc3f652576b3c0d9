"""Youzan (有赞): the mini-program mall's trades, refunds and customers, and who its buyers are at WeChat.

What: trades and refunds by the time of their change, amounts in yuan as text, times as wall clocks of China; all
customers with points and membership; and for every buyer and new customer the openids and the unionid behind the
mall's own `yz_open_id`. Names, phones and addresses come as ciphers that nobody can compare: they are dropped.

Why a re-run is safe: a trade or refund is kept once per change, a user once per time of the trade that showed it;
customers are a snapshot, and a list that is shorter than announced is an error. The last day is read again, since
the platform's lists run half a minute behind.

    day by day -> pages from the last to the first; a window of more rows than the platform lists is halved
    customers: by when they became one, halved while there are more than 10,000; users: one call per yz_open_id
    4201..4203 -> a token is minted, same call again; too fast -> 3, 6, 12, 24, 48 seconds, same call again

Costs calls: a customer fiftieth of one each night, a buyer one a day; packages of 500,000 a month and more are sold.
Guesses: both ends of a window belong to it; the QPS (`extra.requests_per_second`); where unionid stands in the answer
about users (`wechat_info.union_id`); an order of `wx_entrance` mini_program shows the openid of
`extra.mini_program_appid`; created_at in seconds (milliseconds are read too). Without the appids of extra
(`mini_program_appid`, `official_account_appid`) openids land, but identify nobody.

Alone: python -m quanyu.sources.youzan --date 2026-11-20
"""

from __future__ import annotations

from collections.abc import Iterator

from quanyu.contracts import Entity, Mode, Page, Source, Window
from quanyu.sources.youzan import listings
from quanyu.youzan import Youzan, connect


def _trades(client: Youzan, window: Window) -> Iterator[Page]:
    return listings.trades(client, window)


def _refunds(client: Youzan, window: Window) -> Iterator[Page]:
    return listings.refunds(client, window)


def _customers(client: Youzan, window: Window) -> Iterator[Page]:
    return listings.customers(client, f"youzan.customers {max(window.days())}")


def _users(client: Youzan, window: Window) -> Iterator[Page]:
    return listings.users(client, window)


SOURCE = Source(
    name="youzan",
    about=__doc__,
    connect=connect,
    entities=(
        Entity(
            name="trades",
            key=("order_info.tid",),
            mode=Mode.INCREMENT,
            version="order_info.update_time",
            fields={
                "order_info.tid": "text",
                "order_info.status": "text",
                "order_info.status_str": "text?",
                "order_info.type": "integer?",
                "order_info.created": "text",
                "order_info.update_time": "text",
                "order_info.pay_time": "text?",
                "order_info.consign_time": "text?",
                "order_info.success_time": "text?",
                "order_info.refund_state": "integer?",
                "order_info.express_type": "integer?",
                "order_info.close_type": "integer?",
                "order_info.pay_type": "integer?",
                "order_info.offline_id": "integer?",
                "order_info.order_tags.is_member": "boolean?",
                "order_info.order_tags.is_offline_order": "boolean?",
                "buyer_info.yz_open_id": "text?",
                "buyer_info.outer_user_id": "text?",
                "buyer_info.outer_user_appid": "text?",
                "address_info.delivery_province": "text?",
                "address_info.delivery_city": "text?",
                "address_info.delivery_district": "text?",
                "pay_info.total_fee": "text",
                "pay_info.post_fee": "text?",
                "pay_info.payment": "text",
                "pay_info.real_payment": "text?",
                "pay_info.deduction_pay": "integer?",
                "orders": "array",
                "orders[].oid": "text",
                "orders[].item_id": "integer?",
                "orders[].sku_id": "integer?",
                "orders[].title": "text?",
                "orders[].num": "integer",
                "orders[].price": "text?",
                "orders[].total_fee": "text?",
                "orders[].payment": "text",
                "orders[].discount_price": "text?",
                "orders[].outer_item_id": "text?",
                "orders[].outer_sku_id": "text?",
                "source_info.is_offline_order": "boolean?",
                "source_info.source.platform": "text?",
                "source_info.source.wx_entrance": "text?",
            },
            read=_trades,
            reread_days=1,
        ),
        Entity(
            name="refunds",
            key=("refund_id",),
            mode=Mode.INCREMENT,
            version="modified",
            fields={
                "refund_id": "text",
                "status": "text",
                "tid": "text",
                "kdt_id": "integer?",
                "return_goods": "boolean?",
                "reason": "integer?",
                "refund_fee": "text",
                "created": "text",
                "modified": "text",
            },
            read=_refunds,
            reread_days=1,
        ),
        Entity(
            name="customers",
            key=("yz_open_id",),
            mode=Mode.SNAPSHOT,
            fields={
                "yz_open_id": "text",
                "is_member": "integer?",
                "points": "integer?",
                "trade_count": "integer?",
                "created_at": "integer",
                "is_mobile_auth": "boolean?",
            },
            read=_customers,
        ),
        Entity(
            name="users",
            key=("yz_open_id",),
            mode=Mode.INCREMENT,
            version="seen_at",
            fields={
                "yz_open_id": "text",
                "seen_at": "text",
                "user_list": "array",
                "user_list[].appid": "text?",
                "user_list[].primitive_info.yz_open_id": "text?",
                "user_list[].platform_info.platform_type": "integer?",
                "user_list[].platform_info.weixin_open_id": "text?",
                "user_list[].wechat_info.wechat_type": "integer?",
                "user_list[].wechat_info.union_id": "text?",
            },
            read=_users,
            reread_days=1,
        ),
    ),
)
