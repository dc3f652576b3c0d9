"""What a Douyin shop shows: orders and after-sales by their change, without anybody's ciphers and masks."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from quanyu.contracts import Page, Record, Window
from quanyu.errors import Retryable
from quanyu.paging import Shifting, backward
from quanyu.sources.douyin_shop.client import Doudian

_ORDERS = "order.searchList"
_AFTER_SALES = "afterSale.List"

_PAGE = 100
_MOST_ROWS = 1000
_DAY = timedelta(days=1)
_SHORTEST = timedelta(minutes=1)

# `$$<index>$<cipher>$<version>$$`: the index is the same for the same number, and tells nothing else of it.
_PHONE_CIPHER = re.compile(r"\$\$([^$]+)\$[^$]*\$[^$]*\$\$")
_REGIONS = ("province", "city", "town")
# Ciphers, masks and words of people and, for goods from abroad, identity cards; parcels are another system's.
_DROPPED = frozenset(
    {"post_receiver", "post_tel", "buyer_words", "seller_words", "user_id_info", "logistics_info", "text_part"}
)
_DROPPED_PREFIXES = ("encrypt_", "mask_")
_AFTER_SALE_IDS = frozenset({"aftersale_id", "related_id", "shop_order_id", "sku_order_id"})


def orders(client: Doudian, window: Window) -> Iterator[Page]:
    """Read the orders that changed, day by day."""

    def asked(part: Window) -> Record:
        return {
            "update_time_start": int(part.start.timestamp()),
            "update_time_end": int(part.end.timestamp()),
            "order_by": "update_time",
            "order_asc": True,
        }

    listing = _listing(client, _ORDERS, "shop_order_list", asked, lambda row: (row.get("order_id"), row))
    for rows in backward("douyin_shop.orders", listing, window):
        yield Page([_order(row["row"]) for row in rows])


def after_sales(client: Doudian, window: Window) -> Iterator[Page]:
    """Read the after-sales that changed, day by day."""

    def asked(part: Window) -> Record:
        return {
            "update_start_time": int(part.start.timestamp()),
            "update_end_time": int(part.end.timestamp()),
            "order_by": ["update_time asc"],
        }

    def told(row: Record) -> tuple[object, Record]:
        info = row.get("aftersale_info") or {}
        return info.get("aftersale_id"), info

    listing = _listing(client, _AFTER_SALES, "items", asked, told)
    for rows in backward("douyin_shop.after_sales", listing, window):
        yield Page([_with_text_ids(_without_people(row["row"])) for row in rows])


def _listing(
    client: Doudian,
    method: str,
    name: str,
    asked: Callable[[Window], Record],
    told: Callable[[Record], tuple[object, Record]],
) -> Shifting:
    """`told` finds in a row its id, and the object that says when it changed."""

    def page(part: Window, number: int) -> tuple[Sequence[Record], int]:
        data = client.call(method, {**asked(part), "page": number - 1, "size": _PAGE})
        total = data.get("total")
        if not isinstance(total, int):
            raise Retryable(f"{method}: the answer names no total.")
        rows = data.get(name) or []
        return [{"id": told(row)[0], "update_time": told(row)[1].get("update_time"), "row": row} for row in rows], total

    return Shifting(
        first=partial(page, number=1),
        page=lambda part, number: page(part, number)[0],
        size=_PAGE,
        key="id",
        changed=_changed,
        longest=_DAY,
        shortest=_SHORTEST,
        most=_MOST_ROWS,
    )


def _changed(row: Record) -> datetime | None:
    seconds = row["update_time"]
    return datetime.fromtimestamp(seconds, UTC) if isinstance(seconds, int) else None


def _order(row: Record) -> Record:
    """The order with where it goes to the district, and the index of the phone instead of its cipher."""
    address = row.get("post_addr")
    regions = {name: address[name] for name in _REGIONS if name in address} if isinstance(address, dict) else None
    index = _PHONE_CIPHER.fullmatch(str(row.get("encrypt_post_tel") or ""))
    kept = {**row, **({"post_addr": regions} if regions else {})}
    return {**_without_people(kept), "post_tel_index": index[1] if index else None}


def _without_people(value: Any) -> Any:
    if isinstance(value, list):
        return [_without_people(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        name: _without_people(inside)
        for name, inside in value.items()
        if name not in _DROPPED and not name.startswith(_DROPPED_PREFIXES)
    }


def _with_text_ids(value: Any) -> Any:
    """Ids as text, whichever of the two the platform sends."""
    if isinstance(value, list):
        return [_with_text_ids(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        name: str(inside) if name in _AFTER_SALE_IDS and isinstance(inside, int) else _with_text_ids(inside)
        for name, inside in value.items()
    }
