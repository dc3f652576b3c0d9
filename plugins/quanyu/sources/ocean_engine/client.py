"""What Ocean Engine tells of one advertiser: the daily report of its promotions, and its leads."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from functools import partial
from typing import Any

from quanyu import ocean_engine
from quanyu.contracts import Connection, Page, Record, Window
from quanyu.errors import Retryable
from quanyu.paging import numbered

_REPORT = "/open_api/v3.0/report/custom/get/"
_LEADS = "/open_api/2/tools/clue/get/"

_REPORT_PAGE = 1000
_LEADS_PAGE = 100

# The platform's list of valid names: GET /open_api/v3.0/report/custom/config/get/
_DIMENSIONS = ("stat_time_day", "cdp_project_id", "cdp_project_name", "cdp_promotion_id", "cdp_promotion_name")
_METRICS = ("stat_cost", "show_cnt", "click_cnt", "ctr", "cpc_platform", "cpm_platform", "convert_cnt",
            "conversion_cost", "conversion_rate")  # fmt: skip
# Without an order the rows of one page may come again on the next.
_ORDER = [{"field": name, "type": "ASC"} for name in ("stat_time_day", "cdp_promotion_id")]


class OceanEngine:
    """One advertiser."""

    def __init__(self, api: ocean_engine.OpenApi) -> None:
        self._api = api

    def promotion_report(self, window: Window) -> Iterator[Page]:
        """Read each day of the window by itself; a day without rows still yields its (empty) page."""
        for day in window.days():
            fetch = partial(self._report, day)
            for rows in numbered(f"ocean_engine.promotion_report {day}", fetch, size=_REPORT_PAGE):
                yield Page(rows, day)

    def leads(self, window: Window) -> Iterator[Page]:
        """Read the leads of each day: newest first, so the end is named and a row that moved a page on is not repeated.

        What visitors answered to questions of the advertiser's own is left out: it may hold anything.
        """
        for day in window.days():
            seen: set[str] = set()
            for rows in numbered(f"ocean_engine.leads {day}", partial(self._leads, day), size=_LEADS_PAGE):
                new = [row for row in rows if row.get("clue_id") not in seen]
                seen.update(str(row.get("clue_id")) for row in new)
                yield Page([{name: value for name, value in row.items() if name != "remark_dict"} for row in new])

    def _report(self, day: date, page: int) -> tuple[Sequence[Record], int]:
        return self._listed(
            _REPORT,
            "rows",
            advertiser_id=self._api.advertiser,
            data_topic="BASIC_DATA",
            dimensions=_DIMENSIONS,
            metrics=_METRICS,
            filters=[],
            order_by=_ORDER,
            start_time=day.isoformat(),
            end_time=day.isoformat(),
            page=page,
            page_size=_REPORT_PAGE,
        )

    def _leads(self, day: date, page: int) -> tuple[Sequence[Record], int]:
        return self._listed(
            _LEADS,
            "list",
            advertiser_ids=[self._api.advertiser],
            start_time=f"{day} 00:00:00",
            end_time=f"{day} 23:59:59",
            page=page,
            page_size=_LEADS_PAGE,
        )

    def _listed(self, path: str, rows: str, **asked: Any) -> tuple[Sequence[Record], int]:
        """One page and the total."""
        data = self._api.get(path, **asked)
        total = (data.get("page_info") or {}).get("total_number")
        if not isinstance(total, int):
            raise Retryable("the list names no total_number.")
        return data.get(rows) or [], total


@contextmanager
def connect(where: Connection, *, sleep: Callable[[float], None] | None = None) -> Iterator[OceanEngine]:
    """Open one advertiser."""
    with ocean_engine.connect(where, sleep=sleep) as api:
        yield OceanEngine(api)
