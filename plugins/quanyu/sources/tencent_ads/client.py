"""What Tencent Ads tells of one account: the daily report of its adgroups, and its leads."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from datetime import time as clock_time
from functools import partial

from quanyu import tencent_ads
from quanyu.contracts import SHANGHAI, Connection, Page, Record, Window
from quanyu.errors import Retryable
from quanyu.paging import by_cursor, numbered

_REPORT = "/v3.0/daily_reports/get"
_LEADS = "/v3.0/leads_list/get"

_REPORT_PAGE = 1000
_LEADS_PAGE = 200

_REPORT_FIELDS = ("date", "adgroup_id", "cost", "view_count", "valid_click_count", "ctr", "cpc",
                  "thousand_display_price", "conversions_count", "conversions_cost")  # fmt: skip
# Nobody needs them here, and they tell more of a person than a number to call: never read further than this module.
_NOT_READ = frozenset({"id_number", "address", "nationality", "profession", "working_years", "nick_name", "chat_id",
                       "custom_qa", "bundle", "layer_form_content", "all_follow_records", "call_record_url",
                       "call_middle_num", "owner_name"})  # fmt: skip


class TencentAds:
    """One advertising account."""

    def __init__(self, api: tencent_ads.MarketingApi) -> None:
        self._api = api

    def adgroup_report(self, window: Window) -> Iterator[Page]:
        """Read each day of the window by itself; a day without rows still yields its (empty) page."""
        for day in window.days():
            fetch = partial(self._report, day)
            for rows in numbered(f"tencent_ads.adgroup_report {day}", fetch, size=_REPORT_PAGE):
                yield Page(rows, day)

    def leads(self, window: Window) -> Iterator[Page]:
        """Read the leads of each day, newest first, each page from where the last one ended.

        Page numbers end at 5,000 rows; this way does not. What people answered in free text and where they live is
        left out.
        """
        for day in window.days():
            for rows in by_cursor(f"tencent_ads.leads {day}", _Leads(self._api, day)):
                yield Page([{name: value for name, value in row.items() if name not in _NOT_READ} for row in rows])

    def _report(self, day: date, page: int) -> tuple[Sequence[Record], int]:
        data = self._api.get(
            _REPORT,
            account_id=self._api.account,
            level="REPORT_LEVEL_ADGROUP",
            date_range={"start_date": day.isoformat(), "end_date": day.isoformat()},
            group_by=["date", "adgroup_id"],
            fields=_REPORT_FIELDS,
            page=page,
            page_size=_REPORT_PAGE,
        )
        return data.get("list") or [], _total(data)


class _Leads:
    """The pages of one day's leads: a cursor is the time and the id of the last row that was seen."""

    def __init__(self, api: tencent_ads.MarketingApi, day: date) -> None:
        self._api = api
        start = int(datetime.combine(day, clock_time(), SHANGHAI).timestamp())
        self._range = {"start_time": start, "end_time": start + 86399}
        self._seen = 0

    def __call__(self, cursor: str) -> tuple[Sequence[Record], str]:
        where = {"last_search_after_values": json.loads(cursor)} if cursor else {"page": 1}
        data = self._api.get(
            _LEADS,
            account_id=self._api.account,
            time_range=self._range,
            time_type="TIME_TYPE_CREATED_TIME",
            page_size=_LEADS_PAGE,
            **where,
        )
        rows: Sequence[Record] = data.get("leads_info") or []
        self._seen += len(rows)
        missing = _total(data) - self._seen
        if missing > 0 and not rows:
            raise Retryable(f"an empty page, {missing} rows before the end.")
        return rows, _after(rows[-1]) if missing > 0 else ""


def _after(row: Record) -> str:
    """Where the next page begins: milliseconds and id of the last row, as the list is sorted."""
    return json.dumps([str(_milliseconds(str(row.get("leads_create_time")))), str(row.get("leads_id"))])


def _milliseconds(at: str) -> int:
    if at.isdigit():
        return int(at) * (1 if len(at) > 10 else 1000)
    try:
        return int(datetime.fromisoformat(at).replace(tzinfo=SHANGHAI).timestamp()) * 1000
    except ValueError:
        raise Retryable("a lead's leads_create_time is no time, so the next page cannot be asked for.") from None


def _total(data: Record) -> int:
    total = (data.get("page_info") or {}).get("total_number")
    if not isinstance(total, int):
        raise Retryable("the list names no total_number.")
    return total


@contextmanager
def connect(where: Connection, *, sleep: Callable[[float], None] | None = None) -> Iterator[TencentAds]:
    """Open one account."""
    with tencent_ads.connect(where, sleep=sleep) as api:
        yield TencentAds(api)
