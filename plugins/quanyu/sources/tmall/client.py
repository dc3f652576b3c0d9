"""TOP, the open platform of Taobao and Tmall: signed calls, its error codes, and reading changed rows without loss."""

from __future__ import annotations

import hashlib
import hmac
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial

from quanyu.contracts import SHANGHAI, Connection, Page, Record, Window
from quanyu.errors import ConfigurationError, NeedsPerson, QuanyuError, Rejected, Retryable, Throttled
from quanyu.paging import Shifting, backward
from quanyu.settings import utc_now
from quanyu.transport import Http, json_of

TIME_FORMAT = "%Y-%m-%d %H:%M:%S"
_PAGE_SIZE = 100
_LONGEST_WINDOW = timedelta(days=1)
_SHORTEST_WINDOW = timedelta(minutes=30)
_MOST_ROWS = 10 * _PAGE_SIZE
"""A window with more rows is halved: the longer a crawl of one window, the more its rows shift."""

_BAN = re.compile(r"last for (\d+)")
_PLATFORM_SIDE = ("isp.", "ism.")
_NEEDS_PERSON = {
    11: "apply for the API package in the console of the app.",
    12: "apply for the API package in the console of the app.",
    13: "apply for the API package, or add this machine's outgoing address to the app's IP whitelist.",
    26: "authorise the app again and put the new session into the connection's extra.",
    27: "authorise the app again and put the new session into the connection's extra.",
    42: "apply for the API package in the console of the app.",
}
_REMEDIES = {
    25: "set the connection's password to the current app secret and `sign_method` to the app's.",
    28: "set the connection's login to the app key.",
    29: "set the connection's login to the app key.",
    30: "correct this machine's clock: TOP allows ten minutes.",
    31: "correct this machine's clock: TOP allows ten minutes.",
}


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


class Top:
    """One shop, through one app."""

    def __init__(self, http: Http, where: Connection) -> None:
        self._http = http
        self._app_key = where.login
        self._secret = where.password
        self._session = str(where.extra.get("session", ""))
        self._sign_method = str(where.extra.get("sign_method", "hmac-sha256"))

    def call(self, method: str, parameters: Mapping[str, str]) -> Record:
        """Call an API and return what is inside its envelope; signed anew for every attempt."""
        return self._http.retrying(lambda: self._call_once(method, parameters))

    def changed_rows(self, name: str, listing: Listing, window: Window) -> Iterator[Page]:
        """Read every row that changed in `window`, oldest part first, once per change."""
        shifting = Shifting(
            first=partial(self._first, listing),
            page=partial(self._page, listing),
            size=_PAGE_SIZE,
            key=listing.key,
            changed=listing.changed,
            longest=_LONGEST_WINDOW,
            shortest=_SHORTEST_WINDOW,
            most=_MOST_ROWS,
        )
        return (Page(rows) for rows in backward(name, shifting, window))

    def _first(self, listing: Listing, window: Window) -> tuple[Sequence[Record], int]:
        answer = self.call(listing.method, self._parameters(listing, window, 1, has_next="false"))
        total = answer.get(listing.total)
        if not isinstance(total, int):
            raise Retryable(f"{listing.method}: the answer has no {listing.total}.")
        return _rows(listing, answer), total

    def _page(self, listing: Listing, window: Window, number: int) -> Sequence[Record]:
        return _rows(listing, self.call(listing.method, self._parameters(listing, window, number, has_next="true")))

    def _parameters(self, listing: Listing, window: Window, number: int, *, has_next: str) -> dict[str, str]:
        return {
            **listing.parameters,
            listing.start: window.start.astimezone(SHANGHAI).strftime(TIME_FORMAT),
            listing.end: window.end.astimezone(SHANGHAI).strftime(TIME_FORMAT),
            listing.page: str(number),
            "page_size": str(_PAGE_SIZE),
            **({"use_has_next": has_next} if listing.can_skip_count else {}),
        }

    def _call_once(self, method: str, parameters: Mapping[str, str]) -> Record:
        sent = {
            "method": method,
            "app_key": self._app_key,
            "session": self._session,
            "timestamp": utc_now().astimezone(SHANGHAI).strftime(TIME_FORMAT),
            "format": "json",
            "v": "2.0",
            "sign_method": self._sign_method,
            **parameters,
        }
        sent = {key: value for key, value in sent.items() if value}
        sent["sign"] = sign(sent, secret=self._secret)
        answer = json_of(self._http.exchange("POST", "/router/rest", data=sent))
        if "error_response" in answer:
            raise error_of(method, answer["error_response"])
        inside = answer.get(method.removeprefix("taobao.").replace(".", "_") + "_response")
        if not isinstance(inside, dict):
            raise Retryable(f"{method}: the answer has neither an envelope nor an error.")
        return inside


def sign(parameters: Mapping[str, str], *, secret: str) -> str:
    """Sign the parameters by their own `sign_method`: sorted names and raw values in one string, upper-case hex."""
    text = "".join(f"{key}{value}" for key, value in sorted(parameters.items()) if key != "sign" and value)
    match parameters["sign_method"]:
        case "md5":
            digest = hashlib.md5(f"{secret}{text}{secret}".encode(), usedforsecurity=False).hexdigest()
        case "hmac":
            digest = hmac.digest(secret.encode(), text.encode(), "md5").hex()
        case "hmac-sha256":
            digest = hmac.digest(secret.encode(), text.encode(), "sha256").hex()
        case other:
            raise ConfigurationError(f"unknown sign_method {other!r}.", remedy="use md5, hmac or hmac-sha256.")
    return digest.upper()


def error_of(method: str, said: Mapping[str, object]) -> QuanyuError:
    """Translate TOP's `error_response`: `isp.*` is the platform's own trouble, `isv.*` is ours."""
    code = int(str(said.get("code") or 0))
    sub_code = str(said.get("sub_code") or "")
    sub_msg = str(said.get("sub_msg") or "")
    message = f"{method}: code {code} {said.get('msg')}, {sub_code} {sub_msg} (request {said.get('request_id')})."
    if code in {4, 5, 7, 8} or sub_code.startswith("accesscontrol.limited") or sub_code == "isp.call-limited":
        ban = _BAN.search(sub_msg)
        until = utc_now() + timedelta(seconds=int(ban[1]) + 1) if ban else None
        return Throttled(message, until=until)
    if code == 10 or 500 <= code < 510 or sub_code.startswith(_PLATFORM_SIDE):
        return Retryable(message, remedy="if it stays so, see the platform's notices.")
    if code in _NEEDS_PERSON:
        return NeedsPerson(message, remedy=_NEEDS_PERSON[code])
    return Rejected(message, remedy=_REMEDIES.get(code, "look the sub_code up in the documents of this API."))


@contextmanager
def connect(where: Connection, *, sleep: Callable[[float], None] = time.sleep) -> Iterator[Top]:
    """Open one shop; `extra.requests_per_second` is the app's quota, which only its console shows."""
    if not where.login or not where.password or not where.extra.get("session"):
        raise ConfigurationError(
            f"the connection quanyu_{where.name} is incomplete.",
            remedy="set login to the app key, password to the app secret, extra.session to the seller's session.",
        )
    with Http.of(where, str(where.extra["session"]), sleep=sleep) as http:
        yield Top(http, where)


def _rows(listing: Listing, answer: Record) -> Sequence[Record]:
    outer, inner = listing.wrappers
    # An empty list comes as nothing at all or as {}.
    rows = (answer.get(outer) or {}).get(inner) or []
    return [row for row in rows if isinstance(row, dict)]
