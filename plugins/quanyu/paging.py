"""The ways in which platforms hand out long lists, each by its name; a source says how one page is fetched.

    numbered    page 1, 2, 3 ... while the platform's total says that there is more
    by_cursor   each answer names the cursor of the next page; none ends the list

A list that is shorter than announced raises Retryable: what is missing must not look like what was deleted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import count

from quanyu.contracts import Record
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
