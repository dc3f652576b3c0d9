"""The report part of Xiaohongshu's advertising API (聚光)."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from functools import partial
from itertools import count

from quanyu.contracts import Connection, Page, Record, Window
from quanyu.errors import ConfigurationError, NeedsPerson, QuanyuError, Rejected, Retryable, Throttled
from quanyu.transport import Http, json_of, place

_REPORT = "/api/open/jg/data/report/offline/creative"
_PAGE_SIZE = 500

# The platform publishes no table of codes, so its words decide; an unknown refusal is not repeated.
_TOKEN = re.compile(r"token|授权|unauthor", re.IGNORECASE)
_TOO_OFTEN = re.compile(r"频繁|限流|频率|too many|rate limit|limit exceeded|qps", re.IGNORECASE)
_ILL = re.compile(r"系统|繁忙|稍后|超时|system|busy|timeout|internal|unavailable", re.IGNORECASE)


class Spotlight:
    """One advertiser's reports."""

    def __init__(self, http: Http, where: Connection) -> None:
        self._http = http
        self._token = str(where.extra["access_token"])
        self._advertiser = where.account

    def creative_report(self, window: Window) -> Iterator[Page]:
        """Read each day of the window by itself; a day without rows still yields its (empty) page."""
        for day in window.days():
            yield from self._day(day)

    def _day(self, day: date) -> Iterator[Page]:
        for number in count(1):
            with place(f"xiaohongshu.creative_report {day} page {number}"):
                rows, total = self._http.retrying(partial(self._report, day, number))
            yield Page(rows, day)
            if number * _PAGE_SIZE >= total:
                return

    def _report(self, day: date, page: int) -> tuple[list[Record], int]:
        """One page, and how many rows the whole day has."""
        answer = json_of(
            self._http.exchange(
                "POST",
                _REPORT,
                headers={"Access-Token": self._token},
                json={
                    "advertiser_id": self._advertiser,
                    "start_date": day.isoformat(),
                    "end_date": day.isoformat(),
                    "time_unit": "DAY",
                    "split_columns": ["placement"],
                    "page_num": page,
                    "page_size": _PAGE_SIZE,
                },
            )
        )
        if answer.get("code") != 0 or not answer.get("success"):
            raise error_of(answer)
        data = answer.get("data")
        if not isinstance(data, dict) or "total_count" not in data:
            raise Retryable("the report has no total_count.")
        rows, total = data.get("data_list") or [], int(data["total_count"])
        if not rows and (page - 1) * _PAGE_SIZE < total:
            raise Retryable(f"an empty page before the end of {total} rows.")
        return rows, total


def error_of(answer: Record) -> QuanyuError:
    """Translate a refusal; the text stands in `message` or in `msg`, depending on the API."""
    said = str(answer.get("message") or answer.get("msg") or "no message")
    message = f"code {answer.get('code')}, {said} (request {answer.get('request_id')})."
    if _TOKEN.search(said):
        # A refresh would replace the refresh token too, and the pair lives in a connection that we only read.
        return NeedsPerson(message, remedy="authorise the app again and put the new access_token into extra.")
    if _TOO_OFTEN.search(said):
        return Throttled(message)
    if _ILL.search(said):
        return Retryable(message)
    return Rejected(message, remedy="check advertiser_id and the app's permissions in the platform's console.")


@contextmanager
def connect(where: Connection, *, sleep: Callable[[float], None] = time.sleep) -> Iterator[Spotlight]:
    """Open one advertiser."""
    if not where.extra.get("access_token") or not where.extra.get("account"):
        raise ConfigurationError(
            f"the connection quanyu_{where.name} is incomplete.",
            remedy="set extra.access_token and extra.account (the advertiser's id).",
        )
    with Http.of(where, str(where.extra["access_token"]), sleep=sleep) as http:
        yield Spotlight(http, where)
