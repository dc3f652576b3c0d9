"""What a shop at JD shows: orders by their change, refunds by their approval, members in one scan."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial

from quanyu import paging
from quanyu.contracts import SHANGHAI, Page, Record, Window
from quanyu.errors import Retryable
from quanyu.paging import Shifting, backward, numbered
from quanyu.sources.jd.client import Jos, wall_clock
from quanyu.transport import place

_ORDERS = "jingdong.pop.order.search"
_REFUNDS = "jingdong.asc.serviceAndRefund.view"
_MEMBERS = "jingdong.crm.member.scan"

_ORDER_PAGE = 100
_REFUND_PAGE = 50
_MEMBER_PAGE = 100
_DAY = timedelta(days=1)
_SHORTEST = timedelta(minutes=1)

_STATES = (
    "WAIT_SELLER_STOCK_OUT,WAIT_GOODS_RECEIVE_CONFIRM,WAIT_SELLER_DELIVERY,PAUSE,FINISHED_L,TRADE_CANCELED,LOCKED,"
    "POP_ORDER_PAUSE,WAIT_SEND_CODE"
)
# The receiver and the remarks are not asked for: masked, encrypted or free text, they serve nobody here.
_ORDER_FIELDS = (
    "orderId,venderId,orderType,payType,orderTotalPrice,orderSellerPrice,orderPayment,freightPrice,sellerDiscount,"
    "balanceUsed,orderState,orderStateRemark,orderStartTime,paymentConfirmTime,orderEndTime,modified,pin,open_id_buyer,"
    "xid_buyer,parentOrderId,storeId,menDianId,itemInfoList,couponDetailList"
)
_BILL = "sameOrderServiceBill"
_DROPPED_OF_BILL = frozenset({"questionDesc", "applyReason", "approveName", "approveNotes"})
_MEMBER_AMOUNTS = ("trade_amount", "close_trade_amount", "avg_price")
# A member's account across JD, and one more form of the pin.
_DROPPED_OF_MEMBER = frozenset({"account_id", "jd_user_id", "customer_encrypin"})


def orders(client: Jos, window: Window) -> Iterator[Page]:
    """Read the orders that changed, day by day; a day of several pages is halved until a part is one answer."""
    listing = Shifting(
        first=partial(_found_orders, client),
        page=lambda part, number: _found_orders(client, part, number)[0],
        size=_ORDER_PAGE,
        key="orderId",
        changed=paging.wall_clock("modified"),
        longest=_DAY,
        shortest=_SHORTEST,
        most=_ORDER_PAGE,
    )
    return (Page(rows) for rows in backward("jd.orders", listing, window))


def _found_orders(client: Jos, part: Window, number: int = 1) -> tuple[Sequence[Record], int]:
    asked = {
        "start_date": wall_clock(part.start),
        "end_date": wall_clock(part.end),
        "order_state": _STATES,
        "optional_fields": _ORDER_FIELDS,
        "page": str(number),
        "page_size": str(_ORDER_PAGE),
        # By the time of the change, oldest first.
        "sortType": "0",
        "dateType": "0",
    }
    result = client.call(_ORDERS, asked, "searchorderinfo_result")
    return result.get("orderInfoList") or [], _total(_ORDERS, result.get("orderTotal"))


def after_sales(client: Jos, window: Window) -> Iterator[Page]:
    """Read the refunds that were approved in the window, day by day."""
    listing = Shifting(
        first=partial(_found_refunds, client),
        page=lambda part, number: _found_refunds(client, part, number)[0],
        size=_REFUND_PAGE,
        key="afsRefundId",
        changed=_approved_at,
        longest=_DAY,
        shortest=_SHORTEST,
        most=_REFUND_PAGE,
    )
    return (Page([_without_words(row) for row in rows]) for rows in backward("jd.after_sales", listing, window))


def _found_refunds(client: Jos, part: Window, number: int = 1) -> tuple[Sequence[Record], int]:
    asked = {
        "approveTimeBegin": wall_clock(part.start),
        "approveTimeEnd": wall_clock(part.end),
        "pageNumber": number,
        "pageSize": _REFUND_PAGE,
    }
    result = client.call(_REFUNDS, asked, "pageResult")
    return result.get("data") or [], _total(_REFUNDS, result.get("totalCount"))


def _approved_at(row: Record) -> datetime | None:
    milliseconds = (row.get(_BILL) or {}).get("approveDate")
    return datetime.fromtimestamp(milliseconds / 1000, UTC) if isinstance(milliseconds, int) else None


def _without_words(row: Record) -> Record:
    """The amount as text, whose unit is not known; without what buyer and staff wrote."""
    bill = {name: value for name, value in (row.get(_BILL) or {}).items() if name not in _DROPPED_OF_BILL}
    return {**row, **_as_text(row, ("refoundAmount",)), _BILL: bill}


def members(client: Jos, window: Window) -> Iterator[Page]:
    """Read every member. Raises Retryable when there are fewer than the platform says."""
    name = f"jd.members {(window.end - _DAY).astimezone(SHANGHAI).date()}"
    asked: Record = {"page_size": _MEMBER_PAGE}
    totals: list[int] = []
    seen: set[str] = set()

    def fetch(_: int) -> tuple[list[Record], int]:
        nonlocal asked
        result = client.call(_MEMBERS, asked, "crm_member_scan_result")
        asked = {"scroll_id": str(result.get("scroll_id") or "")}
        totals.append(_total(_MEMBERS, result.get("total_result")))
        return result.get("crm_members") or [], totals[-1]

    for rows in numbered(name, fetch, size=_MEMBER_PAGE):
        fresh = [_member(row) for row in rows if row.get("customer_pin") not in seen]
        seen.update(str(row.get("customer_pin")) for row in fresh)
        yield Page(fresh)
    # Where a call was repeated, a scan may have gone on without us.
    if len(seen) < min(totals):
        with place(name):
            raise Retryable(f"the scan ended after {len(seen)} of {min(totals)} members.")


def _member(row: Record) -> Record:
    kept = {name: value for name, value in row.items() if name not in _DROPPED_OF_MEMBER}
    return {**kept, **_as_text(kept, _MEMBER_AMOUNTS)}


def _as_text(row: Record, names: Sequence[str]) -> Record:
    """Amounts as text, exactly as their digits were; JOS sends numbers here and texts elsewhere."""
    return {name: str(row[name]) for name in names if row.get(name) is not None}


def _total(method: str, said: object) -> int:
    """A total, which is a number or a text."""
    if not str(said).isdigit():
        raise Retryable(f"{method}: the answer names no total.")
    return int(str(said))
