"""The Marketing API of Tencent Ads: reports and leads of one account, and its tokens."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from datetime import time as clock_time
from functools import partial
from typing import Any

from quanyu.contracts import SHANGHAI, Connection, Grant, Page, Record, Window
from quanyu.errors import (
    ConfigurationError,
    NeedsPerson,
    QuanyuError,
    Rejected,
    Retryable,
    Throttled,
    TokenExpired,
)
from quanyu.paging import by_cursor, numbered
from quanyu.settings import utc_now
from quanyu.tokens import Tokens, refreshed
from quanyu.transport import Http, json_of

_REPORT = "/v3.0/daily_reports/get"
_LEADS = "/v3.0/leads_list/get"
_OAUTH = "/oauth/token"

_REPORT_PAGE = 1000
_LEADS_PAGE = 200

_REPORT_FIELDS = ("date", "adgroup_id", "cost", "view_count", "valid_click_count", "ctr", "cpc",
                  "thousand_display_price", "conversions_count", "conversions_cost")  # fmt: skip
# Nobody needs them here, and they tell more of a person than a number to call: never read further than this module.
_NOT_READ = frozenset({"id_number", "address", "nationality", "profession", "working_years", "nick_name", "chat_id",
                       "custom_qa", "bundle", "layer_form_content", "all_follow_records", "call_record_url",
                       "call_middle_num", "owner_name"})  # fmt: skip

# developers.e.qq.com/v3.0/docs/errors; an answer without a code is none of the platform's.
_TOKEN_DEAD = frozenset({11000})
_UNAUTHORISED = frozenset({11002, 11004, 11005, 11009, 11011, 11012, 11013})
_NO_PERMISSION = frozenset({11014, 31033})
_TOO_OFTEN = frozenset({11016, 11017, 11018, 11019})
_ILL = frozenset({10000, 10001, None})
_AUTHORISE = "authorise the app again and put the new access_token and refresh_token into the connection's extra."
_LATER = "run the task again later; if it stays so, look at the platform's notices."


class TencentAds:
    """One advertising account."""

    def __init__(self, http: Http, where: Connection) -> None:
        self._http = http
        self._where = where
        self._account = int(where.account)
        self._tokens = Tokens(http, where, self._issue)

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
            for rows in by_cursor(f"tencent_ads.leads {day}", _Leads(self._get, self._account, day)):
                yield Page([{name: value for name, value in row.items() if name not in _NOT_READ} for row in rows])

    def _report(self, day: date, page: int) -> tuple[Sequence[Record], int]:
        data = self._get(
            _REPORT,
            account_id=self._account,
            level="REPORT_LEVEL_ADGROUP",
            date_range={"start_date": day.isoformat(), "end_date": day.isoformat()},
            group_by=["date", "adgroup_id"],
            fields=_REPORT_FIELDS,
            page=page,
            page_size=_REPORT_PAGE,
        )
        return data.get("list") or [], _total(data)

    def _get(self, path: str, **asked: Any) -> Record:
        """The data of one call. Structures travel as JSON text; each attempt has a nonce and a time of its own."""
        query = {name: value if isinstance(value, str | int) else json.dumps(value) for name, value in asked.items()}

        def once(token: str) -> Record:
            fresh: dict[str, str | int] = {
                "access_token": token,
                "timestamp": int(utc_now().timestamp()),
                "nonce": secrets.token_hex(16),
            }
            return _data(json_of(self._http.exchange("GET", path, params={**query, **fresh})))

        return self._http.retrying(lambda: self._tokens.call(once))

    def _issue(self, held: Grant | None) -> Grant:
        """Get a new access token. Raises NeedsPerson when the refresh token is refused."""
        refresh = held.refresh_token if held else ""
        query = {
            "client_id": self._where.login,
            "client_secret": self._where.password,
            "grant_type": "refresh_token",
            "refresh_token": refresh,
        }
        return refreshed(
            lambda: _data(json_of(self._http.exchange("GET", _OAUTH, params=query))),
            lifetime="access_token_expires_in",
            kept=refresh,
        )


class _Leads:
    """The pages of one day's leads: a cursor is the time and the id of the last row that was seen."""

    def __init__(self, get: Callable[..., Record], account: int, day: date) -> None:
        self._get = get
        self._account = account
        start = int(datetime.combine(day, clock_time(), SHANGHAI).timestamp())
        self._range = {"start_time": start, "end_time": start + 86399}
        self._seen = 0

    def __call__(self, cursor: str) -> tuple[Sequence[Record], str]:
        where = {"last_search_after_values": json.loads(cursor)} if cursor else {"page": 1}
        data = self._get(
            _LEADS,
            account_id=self._account,
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
    message = f"code {code}, {answer.get('message_cn') or answer.get('message') or 'no message'}."
    if code in _TOKEN_DEAD:
        return TokenExpired(message)
    if code in _UNAUTHORISED:
        return NeedsPerson(message, remedy=_AUTHORISE)
    if code in _NO_PERMISSION:
        return NeedsPerson(message, remedy="have the app granted this account, the scope and the whitelist.")
    if code in _TOO_OFTEN:
        return Throttled(message, until=_allowed_again(code))
    if code in _ILL:
        return Retryable(message, remedy=_LATER)
    return Rejected(message, remedy="check the account's id, and that this machine's clock is right.")


def _allowed_again(code: int) -> datetime | None:
    """When a limit by the second, the minute or the day ends; None for the one that names no span."""
    now = utc_now()
    tomorrow = now.astimezone(SHANGHAI).date() + timedelta(days=1)
    return {
        11016: now + timedelta(seconds=1),
        11017: now.replace(second=0, microsecond=0) + timedelta(minutes=1),
        11018: datetime.combine(tomorrow, clock_time(), SHANGHAI),
    }.get(code)


@contextmanager
def connect(where: Connection, *, sleep: Callable[[float], None] = time.sleep) -> Iterator[TencentAds]:
    """Open one account."""
    refresh = str(where.extra.get("refresh_token") or "")
    if not (where.login and where.password and refresh and str(where.extra.get("account") or "").isdigit()):
        raise ConfigurationError(
            f"the connection quanyu_{where.name} is incomplete.",
            remedy="set login (client_id), password (client_secret), extra.access_token, extra.refresh_token and"
            " extra.account (the account's id, digits).",
        )
    with Http.of(where, str(where.extra.get("access_token") or ""), refresh, sleep=sleep) as http:
        yield TencentAds(http, where)
