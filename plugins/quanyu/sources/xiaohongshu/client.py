"""Xiaohongshu's advertising API (聚光): the report, and the lists of what is advertised."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from functools import partial

from quanyu import xiaohongshu
from quanyu.contracts import Connection, Page, Record, Window
from quanyu.errors import Retryable
from quanyu.paging import numbered
from quanyu.xiaohongshu import Xiaohongshu

_REPORT = "/api/open/jg/data/report/offline/creative"
_REPORT_PAGE = 500
_LIST_PAGE = 20


@dataclass(frozen=True, slots=True)
class Listing:
    """One list: its path, the name of its rows, and whether page and total stand in a `page` of their own."""

    path: str
    rows: str
    has_page_object: bool


class Spotlight:
    """One advertiser."""

    def __init__(self, platform: Xiaohongshu) -> None:
        self._platform = platform

    def creative_report(self, window: Window) -> Iterator[Page]:
        """Read each day of the window by itself; a day without rows still yields its (empty) page."""
        for day in window.days():
            fetch = partial(self._report, day)
            for rows in numbered(f"xiaohongshu.creative_report {day}", fetch, size=_REPORT_PAGE):
                yield Page(rows, day)

    def listed(self, name: str, listing: Listing) -> Iterator[Page]:
        """Read a whole list; `name` is the place of its errors."""
        for rows in numbered(name, partial(self._list, listing), size=_LIST_PAGE):
            yield Page(rows)

    def _report(self, day: date, page: int) -> tuple[Sequence[Record], int]:
        data = self._post(
            _REPORT,
            {
                "start_date": day.isoformat(),
                "end_date": day.isoformat(),
                "time_unit": "DAY",
                "split_columns": ["placement"],
                "page_num": page,
                "page_size": _REPORT_PAGE,
            },
        )
        return data.get("data_list") or [], _total(data)

    def _list(self, listing: Listing, page: int) -> tuple[Sequence[Record], int]:
        asked: Record = {"page": page, "page_size": _LIST_PAGE}
        if listing.has_page_object:
            asked = {"page": {"page_index": page, "page_size": _LIST_PAGE}}
        data = self._post(listing.path, asked)
        return data.get(listing.rows) or [], _total((data.get("page") or {}) if listing.has_page_object else data)

    def _post(self, path: str, asked: Record) -> Record:
        return self._platform.post(path, {"advertiser_id": self._platform.account, **asked})


def _total(data: Record) -> int:
    if "total_count" not in data:
        raise Retryable("the list has no total_count.")
    return int(data["total_count"])


@contextmanager
def connect(where: Connection, *, sleep: Callable[[float], None] = time.sleep) -> Iterator[Spotlight]:
    """Open one advertiser."""
    with xiaohongshu.connect(
        where, lambda token: {"Access-Token": token}, account="the advertiser's id", sleep=sleep
    ) as platform:
        yield Spotlight(platform)
