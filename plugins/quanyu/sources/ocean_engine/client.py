"""The advertising API of Ocean Engine: reports and leads of one advertiser, and the tokens that turn over."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from functools import partial
from typing import Any

from quanyu.contracts import Connection, Grant, Page, Record, Window
from quanyu.errors import ConfigurationError, NeedsPerson, QuanyuError, Rejected, Retryable, Throttled, TokenExpired
from quanyu.paging import numbered
from quanyu.tokens import Tokens, refreshed
from quanyu.transport import Http, json_of

_REPORT = "/open_api/v3.0/report/custom/get/"
_LEADS = "/open_api/2/tools/clue/get/"
_REFRESH = "/open_api/oauth2/refresh_token/"

_REPORT_PAGE = 1000
_LEADS_PAGE = 100

# The platform's list of valid names: GET /open_api/v3.0/report/custom/config/get/
_DIMENSIONS = ("stat_time_day", "cdp_project_id", "cdp_project_name", "cdp_promotion_id", "cdp_promotion_name")
_METRICS = ("stat_cost", "show_cnt", "click_cnt", "ctr", "cpc_platform", "cpm_platform", "convert_cnt",
            "conversion_cost", "conversion_rate")  # fmt: skip
# Without an order the rows of one page may come again on the next.
_ORDER = [{"field": name, "type": "ASC"} for name in ("stat_time_day", "cdp_promotion_id")]

_TOKEN_DEAD = frozenset({40102, 40103, 40105})
_TOO_OFTEN = frozenset({40100, 40110})
_NO_PERMISSION = frozenset({40002})
_LATER = "run the task again later; if it stays so, look at the platform's notices."


class OceanEngine:
    """One advertiser."""

    def __init__(self, http: Http, where: Connection) -> None:
        self._http = http
        self._where = where
        self._advertiser = int(where.account)
        self._tokens = Tokens(http, where, self._issue)

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
            advertiser_id=self._advertiser,
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
            advertiser_ids=[self._advertiser],
            start_time=f"{day} 00:00:00",
            end_time=f"{day} 23:59:59",
            page=page,
            page_size=_LEADS_PAGE,
        )

    def _listed(self, path: str, rows: str, **asked: Any) -> tuple[Sequence[Record], int]:
        """One page and the total. Lists and objects travel as JSON text in the query."""
        query = {name: value if isinstance(value, str | int) else json.dumps(value) for name, value in asked.items()}

        def once(token: str) -> Record:
            return _data(json_of(self._http.exchange("GET", path, params=query, headers={"Access-Token": token})))

        data = self._http.retrying(lambda: self._tokens.call(once))
        total = (data.get("page_info") or {}).get("total_number")
        if not isinstance(total, int):
            raise Retryable("the list names no total_number.")
        return data.get(rows) or [], total

    def _issue(self, held: Grant | None) -> Grant:
        """Turn the pair over: both tokens are new and the old refresh token is dead, whether the answer comes or not.

        Raises NeedsPerson when the refresh token is refused.
        """
        body = {
            "app_id": self._where.login,
            "secret": self._where.password,
            "refresh_token": held.refresh_token if held else "",
        }
        return refreshed(
            lambda: _data(json_of(self._http.exchange("POST", _REFRESH, json=body))), lifetime="expires_in"
        )


def _data(answer: Record) -> Record:
    if answer.get("code") != 0:
        raise error_of(answer)
    data = answer.get("data")
    if not isinstance(data, dict):
        raise Retryable("the answer has no data.")
    return data


def error_of(answer: Record) -> QuanyuError:
    """Translate a refusal, which comes with HTTP 200."""
    code = answer.get("code")
    if not isinstance(code, int):
        return Retryable("the answer has no code.")
    message = f"code {code}, {answer.get('message') or 'no message'} (request {answer.get('request_id')})."
    if code in _TOKEN_DEAD:
        return TokenExpired(message)
    if code in _TOO_OFTEN:
        return Throttled(message)
    if 50000 <= code < 60000:
        return Retryable(message, remedy=_LATER)
    if code in _NO_PERMISSION:
        return NeedsPerson(message, remedy="have the app granted this advertiser and the permission it names.")
    return Rejected(message, remedy="check the advertiser's id, and the names of the report's columns at config/get.")


@contextmanager
def connect(where: Connection, *, sleep: Callable[[float], None] = time.sleep) -> Iterator[OceanEngine]:
    """Open one advertiser."""
    refresh = str(where.extra.get("refresh_token") or "")
    if not (where.login and where.password and refresh and str(where.extra.get("account") or "").isdigit()):
        raise ConfigurationError(
            f"the connection quanyu_{where.name} is incomplete.",
            remedy="set login (app_id), password (secret), extra.access_token, extra.refresh_token and extra.account"
            " (the advertiser's id, digits).",
        )
    with Http.of(where, str(where.extra.get("access_token") or ""), refresh, sleep=sleep) as http:
        yield OceanEngine(http, where)
