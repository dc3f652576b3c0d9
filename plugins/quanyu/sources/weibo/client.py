"""Weibo's open API: the posts of our account and how often they were passed on, answered and liked."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import partial

from quanyu.contracts import Connection, Page, Record, Window
from quanyu.errors import ConfigurationError, NeedsPerson, QuanyuError, Rejected, Retryable, SchemaDrift, Throttled
from quanyu.paging import by_cursor
from quanyu.settings import utc_now
from quanyu.transport import Http, json_of, place

_TIMELINE = "/2/statuses/user_timeline.json"
_COUNTS = "/2/statuses/count.json"
_PAGE = 100
# Who wrote it is always ourselves, and pictures are not looked at.
_NOT_READ = frozenset({"user", "pic_urls", "geo", "annotations", "visible"})

_TOKEN_DEAD = frozenset({10006, 21314, 21315, 21316, 21317, 21319, 21327, 21332})
_NO_PERMISSION = frozenset({10005, 10014, 21321})
_BY_THE_HOUR = frozenset({10022, 10023, 10024})
_ILL = frozenset({10001, 10002, 10003, 10009, 10010, 10011})
_LATER = "run the task again later; if it stays so, look at the platform's notices."


class Weibo:
    """One account."""

    def __init__(self, http: Http, where: Connection) -> None:
        self._http = http
        self._token = str(where.extra["access_token"])
        self._uid = where.account

    def statuses(self, name: str, window: Window) -> Iterator[Page]:
        """Read the posts of the window that the platform still shows; `name` is the place of errors."""
        for rows in by_cursor(name, partial(self._timeline, window)):
            yield Page([row for row in rows if window.start <= _created_at(row) < window.end])

    def counts(self, name: str, window: Window) -> Iterator[Page]:
        """Ask for the figures of the posts of the window, by their ids."""
        for page in self.statuses(name, window):
            if page.records:
                ids = [str(row.get("id")) for row in page.records]
                with place(name):
                    rows = self._get(_COUNTS, {"ids": ",".join(ids)}).get("counts") or []
                    if {str(row.get("id")) for row in rows} != set(ids):
                        raise Retryable(f"asked for {len(ids)} posts and got {len(rows)}.")
                yield Page(rows)

    def _timeline(self, window: Window, cursor: str) -> tuple[Sequence[Record], str]:
        """One page, newest first, and the number of the next; none once the window lies behind.

        The total counts every post ever written, but few are shown: an empty page is the end of what can be seen.
        """
        number = int(cursor or 1)
        answer = self._get(_TIMELINE, {"uid": self._uid, "count": _PAGE, "page": number})
        rows, total = answer.get("statuses"), answer.get("total_number")
        if not isinstance(rows, list) or not isinstance(total, int):
            raise Retryable("the timeline has no statuses or no total_number.")
        rows = [{name: value for name, value in row.items() if name not in _NOT_READ} for row in rows]
        has_more = bool(rows) and number * _PAGE < total and _created_at(rows[-1]) >= window.start
        return rows, str(number + 1) if has_more else ""

    def _get(self, path: str, query: Mapping[str, str | int]) -> Record:
        def once() -> Record:
            response = self._http.exchange("GET", path, params={"access_token": self._token, **query})
            if (listed := _listed(response.content)) is not None:
                return {"counts": listed}
            answer = json_of(response)
            if "error_code" in answer:
                raise error_of(answer)
            return answer

        return self._http.retrying(once)


def _created_at(row: Record) -> datetime:
    try:
        return datetime.strptime(str(row.get("created_at")), "%a %b %d %H:%M:%S %z %Y")
    except ValueError:
        raise SchemaDrift(
            "a post's created_at is no time like `Fri Nov 20 10:00:00 +0800 2026`.",
            remedy="compare the platform's documents and adapt the client.",
        ) from None


def _listed(content: bytes) -> list[Record] | None:
    """The list that an answer is, where others are objects; None for those."""
    try:
        listed = json.loads(content)
    except ValueError:
        return None
    return listed if isinstance(listed, list) else None


def error_of(answer: Record) -> QuanyuError:
    """Translate a refusal, which comes with HTTP 400 or 403; its code is a number or a text."""
    text = str(answer.get("error_code"))
    code = int(text) if text.isdecimal() else 0
    message = f"code {text}, {answer.get('error') or 'no message'}."
    if code in _TOKEN_DEAD:
        # There is no refresh for the common kind of app.
        return NeedsPerson(message, remedy="authorise the app again and put the new access_token into extra.")
    if code in _NO_PERMISSION:
        return NeedsPerson(message, remedy="have the app granted this interface for the account.")
    if code in _BY_THE_HOUR:
        return Throttled(message, until=utc_now().replace(minute=0, second=0, microsecond=0) + timedelta(hours=1))
    if code in _ILL:
        return Retryable(message, remedy=_LATER)
    return Rejected(message, remedy="check uid and the app's permissions in the platform's console.")


@contextmanager
def connect(where: Connection, *, sleep: Callable[[float], None] = time.sleep) -> Iterator[Weibo]:
    """Open one account."""
    if not where.extra.get("access_token") or not where.extra.get("account"):
        raise ConfigurationError(
            f"the connection quanyu_{where.name} is incomplete.",
            remedy="set extra.access_token and extra.account (the account's uid).",
        )
    with Http.of(where, str(where.extra["access_token"]), sleep=sleep) as http:
        yield Weibo(http, where)
