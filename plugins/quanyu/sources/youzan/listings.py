"""What a Youzan mall shows: trades and refunds by their change, all customers, and who the buyers are at WeChat."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta

from quanyu import paging
from quanyu.contracts import SHANGHAI, Page, Record, Window
from quanyu.errors import Retryable
from quanyu.paging import Shifting, backward, numbered
from quanyu.transport import place
from quanyu.youzan import TooMany, Youzan

_TRADES = "youzan.trades.sold.get/4.0.4"
_REFUNDS = "youzan.trade.refund.search/3.0.1"
_CUSTOMERS = "youzan.scrm.customer.list/1.0.0"
_USERS = "youzan.users.info.query/1.0.1"

_PAGE = 100
_CUSTOMER_PAGE = 50
_MOST_TRADES = 10_000
_MOST_REFUNDS = 3_000
_MOST_CUSTOMERS = 10_000
_DAY = timedelta(days=1)
_SECOND = timedelta(seconds=1)
_ALWAYS = Window(datetime(2012, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC))
"""From before the platform until after us."""

_OFFICIAL_ACCOUNT, _MINI_PROGRAM = 1, 2
"""`wechat_type` of a user, and the kinds of users that are asked for."""
_APPIDS = {_OFFICIAL_ACCOUNT: "official_account_appid", _MINI_PROGRAM: "mini_program_appid"}

# Ciphers, words and, for goods from abroad, identity cards.
_DROPPED = frozenset({"remark_info", "order_extra", "buyer_messages"})
_OF_BUYER = ("yz_open_id", "outer_user_id")
_OF_ADDRESS = ("delivery_province", "delivery_city", "delivery_district")
_OF_CUSTOMER = frozenset({"name", "mobile"})
_OF_USER = frozenset({"private_info"})


def trades(client: Youzan, window: Window, name: str = "youzan.trades") -> Iterator[Page]:
    """Read the trades that changed, day by day."""

    def page(part: Window, number: int) -> tuple[Sequence[Record], int]:
        # Both of a pair, or the platform ignores the one.
        asked = {"start_update": _clock(part.start), "end_update": _clock(part.end)}
        data = client.call(_TRADES, {**asked, "page_no": number, "page_size": _PAGE})
        found = [row.get("full_order_info") or {} for row in data.get("full_order_info_list") or []]
        return [{**(row.get("order_info") or {}), "row": row} for row in found], _total(_TRADES, data, "total_results")

    for rows in backward(name, _shifting(page, "tid", "update_time", _MOST_TRADES), window):
        yield Page([_trade(client, row["row"]) for row in rows])


def refunds(client: Youzan, window: Window) -> Iterator[Page]:
    """Read the refunds that changed, day by day."""

    def page(part: Window, number: int) -> tuple[Sequence[Record], int]:
        asked = {"update_time_start": int(part.start.timestamp()), "update_time_end": int(part.end.timestamp())}
        data = client.call(_REFUNDS, {**asked, "page_no": number, "page_size": _PAGE})
        return data.get("refunds") or [], _total(_REFUNDS, data, "total")

    return (
        Page(rows)
        for rows in backward("youzan.refunds", _shifting(page, "refund_id", "modified", _MOST_REFUNDS), window)
    )


def _shifting(
    page: Callable[[Window, int], tuple[Sequence[Record], int]], key: str, changed: str, most: int
) -> Shifting:
    return Shifting(
        first=lambda part: page(part, 1),
        page=lambda part, number: page(part, number)[0],
        size=_PAGE,
        key=key,
        changed=paging.wall_clock(changed),
        longest=_DAY,
        shortest=_SECOND,
        most=most,
    )


def customers(client: Youzan, name: str, window: Window = _ALWAYS) -> Iterator[Page]:
    """Read every customer who became one in `window`, in parts that the platform lists.

    Raises Retryable when a part has fewer than the platform says.
    """
    for part, total, fetch in _customer_parts(client, name, window):
        seen: set[str] = set()
        for rows in numbered(name, fetch, size=_CUSTOMER_PAGE):
            fresh = [row for row in rows if row.get("yz_open_id") not in seen]
            seen.update(str(row.get("yz_open_id")) for row in fresh)
            yield Page([_customer(row) for row in fresh if _is_inside(row, part)])
        if len(seen) < total:
            with place(name):
                raise Retryable(f"the list ended after {len(seen)} of {total} customers.")


_Fetch = Callable[[int], tuple[Sequence[Record], int]]


def _customer_parts(client: Youzan, name: str, part: Window) -> Iterator[tuple[Window, int, _Fetch]]:
    """Halve the time until a part is short enough; with each part how many it holds, and how to read it."""

    def fetch(number: int) -> tuple[Sequence[Record], int]:
        asked = {"created_at_start": int(part.start.timestamp()), "created_at_end": int(part.end.timestamp())}
        data = client.call(_CUSTOMERS, {**asked, "page_no": number, "page_size": _CUSTOMER_PAGE})
        return data.get("record_list") or [], _total(_CUSTOMERS, data, "total")

    with place(name):
        try:
            total = fetch(1)[1]
        except TooMany:
            total = _MOST_CUSTOMERS + 1
    if total <= _MOST_CUSTOMERS or part.end - part.start <= _SECOND:
        yield part, total, fetch
        return
    half = timedelta(seconds=(part.end - part.start) // (2 * _SECOND))
    middle = part.start + half
    for smaller in (Window(part.start, middle), Window(middle, part.end)):
        yield from _customer_parts(client, name, smaller)


def users(client: Youzan, window: Window) -> Iterator[Page]:
    """Ask who the buyers of the window and its new customers are at WeChat, each once; a row for each time one came."""
    known: dict[str, Record] = {}
    seen: set[tuple[str, str]] = set()
    for day in window.days():
        name = f"youzan.users {day}"
        today = Window.of_days(day, day)
        for sightings in _sightings(client, name, today):
            fresh = sorted({mark for mark in sightings if mark[0] and mark not in seen})
            seen.update(fresh)
            with place(name):
                for yz_open_id in sorted({one for one, _ in fresh} - known.keys()):
                    known[yz_open_id] = _user(client, yz_open_id)
            yield Page([{**known[one], "yz_open_id": one, "seen_at": at} for one, at in fresh])


def _sightings(client: Youzan, name: str, window: Window) -> Iterator[list[tuple[str, str]]]:
    """Who changed a trade or became a customer, and when."""
    for page in trades(client, window, "youzan.users"):
        yield [
            (str(row["buyer_info"].get("yz_open_id") or ""), str(row["order_info"].get("update_time")))
            for row in page.records
        ]
    for page in customers(client, name, window):
        yield [(str(row.get("yz_open_id") or ""), _clock(_moment(row.get("created_at")))) for row in page.records]


def _user(client: Youzan, yz_open_id: str) -> Record:
    data = client.call(_USERS, {"yz_open_id": yz_open_id, "result_type_list": list(_APPIDS)})
    found = [{key: value for key, value in user.items() if key not in _OF_USER} for user in data.get("user_list") or []]
    for user in found:
        kind = (user.get("wechat_info") or {}).get("wechat_type")
        user["appid"] = client.where.extra.get(_APPIDS.get(kind, "")) if isinstance(kind, int) else None
    return {**data, "user_list": found}


def _trade(client: Youzan, row: Record) -> Record:
    """The trade without what is dropped; the openid of its buyer with the appid whose it is, where that is known."""
    kept = {key: value for key, value in row.items() if key not in _DROPPED}
    buyer, address = (row.get(name) or {} for name in ("buyer_info", "address_info"))
    entrance = ((row.get("source_info") or {}).get("source") or {}).get("wx_entrance")
    appid = client.where.extra.get(_APPIDS[_MINI_PROGRAM]) if entrance == "mini_program" else None
    return {
        **kept,
        "order_info": _without(row.get("order_info") or {}),
        "orders": [_without(line) for line in row.get("orders") or []],
        "buyer_info": {**{key: buyer.get(key) for key in _OF_BUYER}, "outer_user_appid": appid},
        "address_info": {key: address.get(key) for key in _OF_ADDRESS},
    }


def _without(row: Record) -> Record:
    return {key: value for key, value in row.items() if key not in _DROPPED}


def _customer(row: Record) -> Record:
    return {key: value for key, value in row.items() if key not in _OF_CUSTOMER}


def _is_inside(row: Record, part: Window) -> bool:
    """Whether a customer belongs to this part: the platform counts the end in, ours is the next one's."""
    created = row.get("created_at")
    return not isinstance(created, int) or part.start <= _moment(created) < part.end


def _moment(value: object) -> datetime:
    """Seconds, or thirteen digits of milliseconds as one page of the documents shows."""
    number = int(str(value))
    return datetime.fromtimestamp(number / 1000 if number > 10**11 else number, UTC)


def _clock(at: datetime) -> str:
    return f"{at.astimezone(SHANGHAI):%Y-%m-%d %H:%M:%S}"


def _total(api: str, data: Record, name: str) -> int:
    total = data.get(name)
    if not isinstance(total, int):
        raise Retryable(f"{api}: the answer names no {name}.")
    return total
