"""The ways in which platforms hand out long lists, each by its name; a source says how one page is fetched.

    numbered    page 1, 2, 3 ... while the platform's total says that there is more
    by_cursor   each answer names the cursor of the next page; none ends the list
    backward    from the last page to the first: the rows that changed in a window, which leave it by changing again

A list that is shorter than announced raises Retryable: what is missing must not look like what was deleted.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count

from quanyu.contracts import SHANGHAI, Record, Window
from quanyu.errors import Retryable
from quanyu.transport import place


def numbered(
    name: str, fetch: Callable[[int], tuple[Sequence[Record], int]], *, size: int, first: int = 1
) -> Iterator[Sequence[Record]]:
    """Yield page after page; `fetch(number)` returns its rows and the total. An empty list is one empty page."""
    for number in count(first):
        with place(f"{name} page {number}"):
            rows, total = fetch(number)
            before = (number - first) * size
            if not rows and before < total:
                raise Retryable(f"an empty page after {before} of {total} rows.")
        yield rows
        if before + size >= total:
            return


def by_cursor(
    name: str, fetch: Callable[[str], tuple[Sequence[Record], str]], *, start: str = ""
) -> Iterator[Sequence[Record]]:
    """Yield page after page; `fetch(cursor)` returns its rows and the next cursor, empty at the end."""
    cursor = start
    for number in count(1):
        with place(f"{name} page {number}"):
            rows, following = fetch(cursor)
            if following and following == cursor:
                raise Retryable("the list goes in circles: its cursor does not move.")
        yield rows
        if not following:
            return
        cursor = following


@dataclass(frozen=True, slots=True, kw_only=True)
class Shifting:
    """How a platform lists the rows whose last change lies in a window, both ends included.

    `first(part)` returns page 1 and the total, `page(part, number)` any page, from 1. `key` names a row's id, `changed`
    tells when it changed (None: it does not say). A part is at most `longest`, and halved down to `shortest` while it
    has more than `most` rows.
    """

    first: Callable[[Window], tuple[Sequence[Record], int]]
    page: Callable[[Window, int], Sequence[Record]]
    size: int
    key: str
    changed: Callable[[Record], datetime | None]
    longest: timedelta
    shortest: timedelta
    most: int


def backward(name: str, listing: Shifting, window: Window) -> Iterator[Sequence[Record]]:
    """Yield every row that changed in a window that is over, oldest part first; within a part once per change.

    A row that changes while we read leaves the window for a later one, and whatever stood behind it moves towards
    page 1. Read from the last page to the first, rows are met again and none is skipped, however the platform sorts
    them; and the longer one window is read, the more its rows shift, so large ones are halved first. A window of one
    page is a single answer. The end, which platforms count in, is left to the next window.
    """
    for part in window.split(listing.longest):
        yield from _part(name, listing, part)


def _part(name: str, listing: Shifting, part: Window) -> Iterator[Sequence[Record]]:
    here = f"{name} {part.start.astimezone(SHANGHAI):%Y-%m-%d %H:%M}"
    with place(here):
        rows, total = listing.first(part)
        if len(rows) < min(total, listing.size):
            raise Retryable(f"{len(rows)} rows on page 1 of {total} announced ones.")
    span = part.end - part.start
    if total > listing.most and span > listing.shortest:
        # Platforms know whole seconds.
        for half in part.split(timedelta(seconds=math.ceil(span.total_seconds() / 2))):
            yield from _part(name, listing, half)
        return
    seen: set[tuple[object, object]] = set()
    pages = -(-total // listing.size)
    for number in range(pages, 0, -1):
        if pages > 1:
            with place(f"{here} page {number}"):
                rows = listing.page(part, number)
        fresh = []
        for row in rows:
            changed = listing.changed(row)
            mark = (row.get(listing.key), changed)
            # A row without its change time is kept: the gate, not the reader, judges records.
            if mark not in seen and (changed is None or changed < part.end):
                seen.add(mark)
                fresh.append(row)
        if fresh:
            yield fresh


def wall_clock(name: str) -> Callable[[Record], datetime | None]:
    """Read the field `name` of a row, a wall clock of China ('2026-11-20 23:59:58'); None when it is none."""

    def read(row: Record) -> datetime | None:
        try:
            return datetime.fromisoformat(row[name]).replace(tzinfo=SHANGHAI)
        except (KeyError, TypeError, ValueError):
            return None

    return read
