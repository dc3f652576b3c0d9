"""How TOP lists what changed at a shop, and reading such a list without loss."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial

from quanyu.contracts import SHANGHAI, Page, Record, Window
from quanyu.errors import Retryable
from quanyu.paging import Shifting, backward
from quanyu.top import TIME_FORMAT, Top

_PAGE_SIZE = 100
_LONGEST_WINDOW = timedelta(days=1)
_SHORTEST_WINDOW = timedelta(minutes=30)
_MOST_ROWS = 10 * _PAGE_SIZE
"""A window with more rows is halved: the longer a crawl of one window, the more its rows shift."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """How one API lists the rows that changed in a window.

    `wrappers` is the double wrapper of its lists (`trades.trade`); `changed` tells the row's own change time, by which
    rows of the next window are told apart.
    """

    method: str
    start: str
    end: str
    page: str
    total: str
    wrappers: tuple[str, str]
    key: str
    changed: Callable[[Record], datetime | None]
    can_skip_count: bool
    parameters: Mapping[str, str] = field(default_factory=dict)


def changed_rows(top: Top, name: str, listing: Listing, window: Window) -> Iterator[Page]:
    """Read every row that changed in `window`, oldest part first, once per change."""
    shifting = Shifting(
        first=partial(_first, top, listing),
        page=partial(_page, top, listing),
        size=_PAGE_SIZE,
        key=listing.key,
        changed=listing.changed,
        longest=_LONGEST_WINDOW,
        shortest=_SHORTEST_WINDOW,
        most=_MOST_ROWS,
    )
    return (Page(rows) for rows in backward(name, shifting, window))


def _first(top: Top, listing: Listing, window: Window) -> tuple[Sequence[Record], int]:
    answer = top.call(listing.method, _parameters(listing, window, 1, has_next="false"))
    total = answer.get(listing.total)
    if not isinstance(total, int):
        raise Retryable(f"{listing.method}: the answer has no {listing.total}.")
    return _rows(listing, answer), total


def _page(top: Top, listing: Listing, window: Window, number: int) -> Sequence[Record]:
    return _rows(listing, top.call(listing.method, _parameters(listing, window, number, has_next="true")))


def _parameters(listing: Listing, window: Window, number: int, *, has_next: str) -> dict[str, str]:
    return {
        **listing.parameters,
        listing.start: window.start.astimezone(SHANGHAI).strftime(TIME_FORMAT),
        listing.end: window.end.astimezone(SHANGHAI).strftime(TIME_FORMAT),
        listing.page: str(number),
        "page_size": str(_PAGE_SIZE),
        **({"use_has_next": has_next} if listing.can_skip_count else {}),
    }


def _rows(listing: Listing, answer: Record) -> Sequence[Record]:
    outer, inner = listing.wrappers
    # An empty list comes as nothing at all or as {}.
    rows = (answer.get(outer) or {}).get(inner) or []
    return [row for row in rows if isinstance(row, dict)]
