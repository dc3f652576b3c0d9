"""Orders, after-sales and members of a WeChat Store: ids by their change, one call per id, members page by page."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from typing import Any

from quanyu import wechat
from quanyu.contracts import SHANGHAI, Connection, Page, Record, Window
from quanyu.errors import Retryable
from quanyu.paging import by_cursor, numbered
from quanyu.transport import place
from quanyu.wechat import WeChat

_DIALECT = replace(
    wechat.OFFICIAL_ACCOUNT,
    name="wechat store",
    token_dead=wechat.OFFICIAL_ACCOUNT.token_dead | {41001},
)
_PAGE_SIZE = 100
_MEMBERS = "/channels/ec/vip/user/list/get"

# Ids are numbers in one table of the documents and texts in another; versions are compared as text.
_TEXTS = frozenset({"order_id", "after_sale_order_id", "aftersale_order_id", "product_id", "sku_id", "update_time"})
# The receiver is masked or personal, the notes are free text; nobody downstream looks at them.
_DROPPED = frozenset({"address_info", "customer_notes", "merchant_notes", "reason_text"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """How one kind of record is listed by the time of its change, and read by its id."""

    ids_path: str
    ids: str
    range: Callable[[int, int], Record]
    longest: timedelta
    one_path: str
    id: str
    one: str


ORDERS = Listing(
    ids_path="/channels/ec/order/list/get",
    ids="order_id_list",
    range=lambda start, end: {"update_time_range": {"start_time": start, "end_time": end}, "page_size": _PAGE_SIZE},
    longest=timedelta(days=7),
    one_path="/channels/ec/order/get",
    id="order_id",
    one="order",
)
AFTER_SALES = Listing(
    ids_path="/channels/ec/aftersale/getaftersalelist",
    ids="after_sale_order_id_list",
    range=lambda start, end: {"begin_update_time": start, "end_update_time": end},
    longest=timedelta(hours=24),
    one_path="/channels/ec/aftersale/getaftersaleorder",
    id="after_sale_order_id",
    one="after_sale_order",
)


def changed(client: WeChat, name: str, listing: Listing, window: Window) -> Iterator[Page]:
    """Read every record that changed in `window`, oldest part first."""
    for part in window.split(listing.longest):
        day = part.start.astimezone(SHANGHAI).date()
        for rows in by_cursor(f"{name} {day}", partial(_listed, client, listing, part)):
            yield Page(rows)


def _listed(client: WeChat, listing: Listing, part: Window, cursor: str) -> tuple[list[Record], str]:
    end = int(part.end.timestamp())
    body = {**listing.range(int(part.start.timestamp()), end), "next_key": cursor}
    answer = client.call("POST", listing.ids_path, body=body)
    following = str(answer.get("next_key") or "") if answer.get("has_more") else ""
    if answer.get("has_more") and not following:
        raise Retryable("more is announced, but no cursor leads there.")
    rows = [_one(client, listing, str(found)) for found in answer.get(listing.ids) or []]
    # The platform counts the end in, ours belongs to the next window. What changed while we read stays: it is newer.
    return [row for row in rows if row.get("update_time") != str(end)], following


def _one(client: WeChat, listing: Listing, found: str) -> Record:
    answer = client.call("POST", listing.one_path, body={listing.id: found})
    row = answer.get(listing.one)
    if not isinstance(row, dict) or str(row.get(listing.id)) != found:
        raise Retryable(f"{listing.one_path} answered without the {listing.one} that was asked for.")
    prepared: Record = _prepared(row)
    return prepared


def _prepared(value: Any) -> Any:
    """Ids and the time of the change as text, without what is dropped."""
    if isinstance(value, list):
        return [_prepared(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        name: str(inside) if name in _TEXTS and isinstance(inside, int) else _prepared(inside)
        for name, inside in value.items()
        if name not in _DROPPED
    }


def members(client: WeChat, name: str) -> Iterator[Page]:
    """Read every member. Raises Retryable when there are fewer than the platform says."""
    totals: list[int] = []
    seen: set[str] = set()

    def fetch(number: int) -> tuple[list[Record], int]:
        body = {"need_phone_number": True, "page_num": number, "page_size": _PAGE_SIZE}
        answer = client.call("POST", _MEMBERS, body=body)
        totals.append(int(answer.get("total_num") or 0))
        return answer.get("list") or [], totals[-1]

    for rows in numbered(name, fetch, size=_PAGE_SIZE):
        fresh = [row for row in rows if row.get("openid") not in seen]
        seen.update(str(row.get("openid")) for row in fresh)
        yield Page(fresh)
    # Members come and go while we read: only the smaller of the totals is certain.
    if len(seen) < min(totals):
        with place(name):
            raise Retryable(f"the list ended after {len(seen)} of {min(totals)} members.")


def connect(where: Connection, *, sleep: Callable[[float], None] = time.sleep) -> AbstractContextManager[WeChat]:
    """Open one store by its own appid."""
    return wechat.connect(_DIALECT, where, sleep=sleep)
