"""Tmall: a shop's trades, refunds and members, from TOP.

What: trades and refunds that changed in the window, with their order lines and no receiver name, phone or street
(TOP masks them, and a masked phone identifies nobody); members whose membership changed.

Why a re-run is safe: every row carries its key and its own change time, reading changes nothing at Tmall, and a
row that changes while we read shows up again in the window of its new change time.

    count of the window -> halve while it is large -> pages last to first -> rows by key and change time
    throttled -> wait as long as TOP says -> same page again

Alone: python -m quanyu.sources.tmall --date 2026-11-20 --entity trades
"""

from __future__ import annotations

from collections.abc import Iterator

from quanyu.contracts import Entity, Mode, Page, Source, Window
from quanyu.paging import wall_clock
from quanyu.sources.tmall.client import Listing, changed_rows
from quanyu.taobao import REFUND_FIELDS, TRADE, TRADE_FIELDS
from quanyu.top import Top, connect

_MEMBER_FIELDS = {
    "ouid": "text",
    "grade": "integer?",
    "status": "text?",
    "trade_count": "integer?",
    "trade_amount": "text?",
    "last_trade_time": "text?",
    "biz_order_id": "integer?",
    "relation_source": "integer?",
}

# Left to itself TOP lists five of these types and silently omits the rest.
_TRADE_TYPES = (
    "fixed,auction,guarantee_trade,auto_delivery,ec,cod,step,tmall_i18n,eticket,nopaid,fenxiao,game_equipment,"
    "hotel_trade,independent_simple_trade,independent_shop_trade,netcn_trade,external_trade,instant_trade,"
    "o2o_offlinetrade,pre_auth_type"
)

_TRADES = Listing(
    method="taobao.trades.sold.increment.get",
    start="start_modified",
    end="end_modified",
    page="page_no",
    total="total_results",
    wrappers=("trades", "trade"),
    key="tid",
    changed=wall_clock("modified"),
    can_skip_count=True,
    parameters={"fields": ",".join([*TRADE_FIELDS, "orders"]), "type": _TRADE_TYPES},
)
_REFUNDS = Listing(
    method="taobao.refunds.receive.get",
    start="start_modified",
    end="end_modified",
    page="page_no",
    total="total_results",
    wrappers=("refunds", "refund"),
    key="refund_id",
    changed=wall_clock("modified"),
    can_skip_count=True,
    parameters={"fields": ",".join(REFUND_FIELDS)},
)
_MEMBERS = Listing(
    method="taobao.crm.members.increment.get.privy",
    start="start_modify",
    end="end_modify",
    page="current_page",
    total="total_result",
    wrappers=("members", "basic_member"),
    key="ouid",
    # A member does not say when its membership changed.
    changed=lambda _: None,
    can_skip_count=False,
)


def _trades(client: Top, window: Window) -> Iterator[Page]:
    return changed_rows(client, "tmall.trades", _TRADES, window)


def _refunds(client: Top, window: Window) -> Iterator[Page]:
    return changed_rows(client, "tmall.refunds", _REFUNDS, window)


def _members(client: Top, window: Window) -> Iterator[Page]:
    return changed_rows(client, "tmall.members", _MEMBERS, window)


SOURCE = Source(
    name="tmall",
    about=__doc__,
    connect=connect,
    entities=(
        Entity(
            name="trades",
            key=("tid",),
            mode=Mode.INCREMENT,
            version="modified",
            fields=TRADE,
            read=_trades,
            reread_days=1,
        ),
        Entity(
            name="refunds",
            key=("refund_id",),
            mode=Mode.INCREMENT,
            version="modified",
            fields=REFUND_FIELDS,
            read=_refunds,
            reread_days=1,
        ),
        Entity(
            name="members",
            key=("ouid",),
            mode=Mode.INCREMENT,
            fields=_MEMBER_FIELDS,
            read=_members,
            reread_days=1,
        ),
    ),
)
