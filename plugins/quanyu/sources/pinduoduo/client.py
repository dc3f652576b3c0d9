"""Pinduoduo's open platform: signed calls, its codes, the tokens of a shop, and its changed orders and refunds."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Any

from quanyu.contracts import SHANGHAI, Connection, Grant, Page, Record, Window
from quanyu.errors import (
    ConfigurationError,
    NeedsPerson,
    NotReady,
    QuanyuError,
    Rejected,
    Retryable,
    Throttled,
    TokenExpired,
)
from quanyu.paging import Shifting, backward
from quanyu.settings import utc_now
from quanyu.tokens import Tokens
from quanyu.transport import Http, json_of

_REFRESH = "pdd.pop.auth.token.refresh"
_PAGE_SIZE = 100
_LONGEST_WINDOW = timedelta(minutes=30)
_SHORTEST_WINDOW = timedelta(minutes=1)
_MOST_ROWS = 10 * _PAGE_SIZE
_LAG = timedelta(minutes=3)
"""What changed in the last minutes is not all there yet."""
_PACE = 9
"""Calls a second: the list of refunds takes 100 in 10 seconds."""

_TOKEN_DEAD = frozenset({10019, 10035})
_UNAUTHORISED = frozenset({10014, 20032})
_TOO_OFTEN = frozenset({70031, 70032, 52101})
_PLATFORM_SIDE = frozenset({50000, 52102, 52103, 70033})
_AUTHORISE = "authorise the app again and put the new access_token and refresh_token into the connection's extra."
_REMEDIES = {
    20004: "set the connection's password to the current client secret.",
    20005: "add this machine's outgoing address to the app's IP whitelist.",
    20031: "have the app granted this API in its console.",
}
_SPAN_OF_LIMITS = timedelta(seconds=10)

# JSON numbers at one time and texts at another.
_AMOUNTS = frozenset({
    "goods_amount", "discount_amount", "platform_discount", "seller_discount", "capital_free_discount", "pay_amount",
    "postage", "order_change_amount", "goods_price", "order_amount", "refund_amount",
})  # fmt: skip
# The receiver in ciphertext and in masks, what people wrote, payment and card numbers.
_DROPPED = frozenset({
    "receiver_name", "receiver_phone", "receiver_address", "receiver_name_mask", "receiver_phone_mask",
    "receiver_address_mask", "address", "address_mask", "buyer_memo", "remark", "pay_no", "inner_transaction_id",
    "card_info_list", "id_card_num", "id_card_name", "good_image",
})  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """How one API lists the rows that changed in a window: `answer` is its envelope, `rows` the list inside."""

    type: str
    answer: str
    rows: str
    key: str
    changed: Callable[[Record], datetime | None]
    can_skip_count: bool
    parameters: Mapping[str, str] = field(default_factory=dict)


class Pinduoduo:
    """One shop, through one app."""

    def __init__(self, http: Http, where: Connection) -> None:
        self._http = http
        self._where = where
        self._tokens = Tokens(http, where, self._issue, remedy=_AUTHORISE)

    def call(self, type_: str, answer: str, asked: Mapping[str, str]) -> Record:
        """Call an API and return what is inside its envelope; signed anew for every attempt."""
        return self._http.retrying(
            lambda: self._tokens.call(lambda token: self._call_once(type_, answer, {**asked, "access_token": token}))
        )

    def changed_rows(self, name: str, listing: Listing, window: Window) -> Iterator[Page]:
        """Read every row that changed in `window`, oldest part first; the rows of several small windows are one page.

        Raises NotReady for a window that is not over since some minutes.
        """
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
        gathered: list[Record] = []
        for rows in backward(name, shifting, window):
            gathered += [_prepared(row) for row in rows]
            if len(gathered) >= _PAGE_SIZE:
                yield Page(gathered)
                gathered = []
        if gathered:
            yield Page(gathered)

    def _first(self, listing: Listing, part: Window) -> tuple[Sequence[Record], int]:
        if part.end > utc_now() - _LAG:
            raise NotReady(
                f"the window ends {part.end.astimezone(SHANGHAI):%F %R}; it can be read three minutes later.",
                remedy="run the task again in some minutes; if the time has passed, correct this machine's clock.",
            )
        inside = self._listed(listing, part, 1, has_next="false")
        total = inside.get("total_count")
        if not isinstance(total, int):
            raise Retryable(f"{listing.type}: the answer has no total_count.")
        return inside.get(listing.rows) or [], total

    def _page(self, listing: Listing, part: Window, number: int) -> Sequence[Record]:
        return self._listed(listing, part, number, has_next="true").get(listing.rows) or []

    def _listed(self, listing: Listing, part: Window, number: int, *, has_next: str) -> Record:
        asked = {
            **listing.parameters,
            "start_updated_at": str(int(part.start.timestamp())),
            "end_updated_at": str(int(part.end.timestamp())),
            "page": str(number),
            "page_size": str(_PAGE_SIZE),
            **({"use_has_next": has_next} if listing.can_skip_count else {}),
        }
        return self.call(listing.type, listing.answer, asked)

    def _issue(self, held: Grant | None) -> Grant:
        """Turn the pair over by the refresh token. Raises NeedsPerson when that is refused."""
        refresh = held.refresh_token if held else ""
        try:
            answer = self._call_once(_REFRESH, "pop_auth_token_refresh_response", {"refresh_token": refresh})
        except (TokenExpired, NeedsPerson, Rejected) as error:
            raise NeedsPerson(f"the refresh token is refused: {error.message}", remedy=_AUTHORISE) from None
        return Grant(
            access_token=str(answer.get("access_token") or ""),
            refresh_token=str(answer.get("refresh_token") or refresh),
            expires_at=utc_now() + timedelta(seconds=int(answer.get("expires_in") or 0)),
        )

    def _call_once(self, type_: str, answer: str, asked: Mapping[str, str]) -> Record:
        sent = {
            "type": type_,
            "client_id": self._where.login,
            "timestamp": str(int(utc_now().timestamp())),
            "data_type": "JSON",
            "version": "V1",
            **asked,
        }
        sent["sign"] = sign(sent, secret=self._where.password)
        said = json_of(self._http.exchange("POST", "/api/router", data=sent))
        if "error_response" in said:
            raise error_of(type_, said["error_response"])
        inside = said.get(answer)
        if not isinstance(inside, dict):
            raise Retryable(f"{type_}: the answer has neither an envelope nor an error.")
        return inside


def sign(parameters: Mapping[str, str], *, secret: str) -> str:
    """Sign everything that is sent: sorted names and raw values between the secret, MD5 in upper-case hex."""
    text = "".join(f"{key}{value}" for key, value in sorted(parameters.items()) if key != "sign")
    return hashlib.md5(f"{secret}{text}{secret}".encode(), usedforsecurity=False).hexdigest().upper()


def error_of(type_: str, said: Mapping[str, object]) -> QuanyuError:
    """Translate an `error_response`, which comes with HTTP 200."""
    text, sub_code = str(said.get("error_code") or 0), str(said.get("sub_code") or "")
    code = int(text) if text.isdigit() else -1
    message = (
        f"{type_}: code {text} {said.get('error_msg')}, {sub_code} {said.get('sub_msg') or ''}"
        f" (request {said.get('request_id')})."
    )
    if code in _TOO_OFTEN:
        return Throttled(message, until=utc_now() + _SPAN_OF_LIMITS)
    if code in _PLATFORM_SIDE or (code == 50001 and "service-error" in sub_code):
        return Retryable(message, remedy="if it stays so, see the platform's notices.")
    if code in _TOKEN_DEAD:
        return TokenExpired(message)
    if code in _UNAUTHORISED:
        return NeedsPerson(message, remedy=_AUTHORISE)
    if code in {20005, 20031}:
        return NeedsPerson(message, remedy=_REMEDIES[code])
    return Rejected(message, remedy=_REMEDIES.get(code, "look the code up in the documents of this API."))


@contextmanager
def connect(where: Connection, *, sleep: Callable[[float], None] = time.sleep) -> Iterator[Pinduoduo]:
    """Open one shop."""
    access, refresh = (str(where.extra.get(name) or "") for name in ("access_token", "refresh_token"))
    if not (where.login and where.password and refresh):
        raise ConfigurationError(
            f"the connection quanyu_{where.name} is incomplete.",
            remedy="set login to the client id, password to the client secret, extra.access_token and"
            " extra.refresh_token to the shop's tokens.",
        )
    paced = replace(where, extra={"requests_per_second": _PACE, **where.extra})
    with Http.of(paced, access, refresh, sleep=sleep) as http:
        yield Pinduoduo(http, where)


def _prepared(value: Any) -> Any:
    """Amounts as text with the digits they came with, without what is dropped."""
    if isinstance(value, list):
        return [_prepared(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        name: _amount(inside) if name in _AMOUNTS else _prepared(inside)
        for name, inside in value.items()
        if name not in _DROPPED
    }


def _amount(value: Any) -> Any:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return f"{Decimal(str(value)):f}" if is_number else value
