"""The open platform of Douyin shops (抖店): signed calls, its envelope and codes, and the tokens of one shop."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial

from quanyu.contracts import Connection, Grant, Record
from quanyu.errors import ConfigurationError, NeedsPerson, QuanyuError, Rejected, Retryable, Throttled, TokenExpired
from quanyu.settings import utc_now
from quanyu.tokens import Tokens
from quanyu.transport import Http, json_of

_LATER = "run the task again later; if it stays so, look at the platform's notices."

_OK = 10000
_PASSING = {
    10001: "only a part of the rows came: run the task again later.",
    20000: _LATER,
    20001: _LATER,
    90000: _LATER,
}
_TOO_OFTEN = 60000
_TOKEN_DEAD = frozenset({"isv.access-token-expired", "isv.access-token-no-existed"})
_AUTHORISATION_GONE = frozenset({"dop.authorization-no-existed", "dop.authorization-closed"})
_TOKEN_NOT_MADE = 50001
_NO_PERMISSION = {
    30001: "have the app granted this API, and put back on line, in the console of the open platform.",
    30002: "allow this machine's address in the app's list of addresses.",
    80000: "see the security page of the app's console: the platform holds its calls back.",
}
_AUTHORISE = "authorise the app for the shop again; of a tool app, put the new tokens into the connection's extra."
_REMEDIES = {
    "isv.signature-invalid": "set the connection's password to the current app secret.",
    "isv.app-id-invalid": "set the connection's login to the app key.",
    "isv.timestamp-invalid": "correct this machine's clock: the platform allows ten minutes.",
}

# Later than any span of seconds a token lives.
_FIRST_MOMENT = 1_000_000_000


class Doudian:
    """One shop, through one app.

    An app of the shop's own mints its tokens (`authorization_self`); a tool app lives on the pair that a person's
    authorisation brought, which the connection's extra holds.
    """

    def __init__(self, http: Http, where: Connection) -> None:
        self._http = http
        self._where = where
        self._is_own = not where.extra.get("refresh_token")
        self._tokens = Tokens(http, where, self._issue, remedy=_AUTHORISE)

    def call(self, method: str, asked: Record) -> Record:
        """Call an API (`order.searchList`) and return its data; signed anew for every attempt."""
        return self._http.retrying(lambda: self._tokens.call(partial(self._call_once, method, asked)))

    def _call_once(self, method: str, asked: Record, token: str = "") -> Record:
        # Signed as sent: written once.
        body = param_json(asked)
        query = {"app_key": self._where.login, "method": method, "timestamp": str(int(utc_now().timestamp())), "v": "2"}
        query["sign"] = sign(query, body, secret=self._where.password)
        query["sign_method"] = "hmac-sha256"
        if token:
            query["access_token"] = token
        # The last header leaves out fields of an older envelope.
        headers = {"Content-Type": "application/json;charset=UTF-8", "x-open-no-old-err-code": "1"}
        path = "/" + method.replace(".", "/")
        answer = json_of(self._http.exchange("POST", path, params=query, content=body.encode(), headers=headers))
        if answer.get("code") != _OK:
            raise error_of(method, answer)
        data = answer.get("data")
        if not isinstance(data, dict):
            raise Retryable(f"{method}: the answer has no data.")
        return data

    def _issue(self, held: Grant | None) -> Grant:
        """Refresh the pair, or mint one where that does not help. Raises NeedsPerson for a tool app.

        More than an hour before its end a refresh returns the very token that was refused.
        """
        if held is not None and held.refresh_token:
            try:
                grant = self._granted(
                    "token.refresh", {"grant_type": "refresh_token", "refresh_token": held.refresh_token}
                )
            except (NeedsPerson, TokenExpired) as error:
                if not self._is_own:
                    raise NeedsPerson(f"the refresh token is refused: {error.message}", remedy=_AUTHORISE) from None
            else:
                if not self._is_own or grant.access_token != held.access_token:
                    return grant
        shop = int(self._where.extra["shop_id"])
        return self._granted("token.create", {"code": "", "grant_type": "authorization_self", "shop_id": shop})

    def _granted(self, method: str, asked: Record) -> Grant:
        data = self._call_once(method, asked)
        return Grant(
            access_token=str(data.get("access_token") or ""),
            refresh_token=str(data.get("refresh_token") or ""),
            expires_at=_expiry(int(data.get("expires_in") or 0)),
        )


def param_json(asked: Record) -> str:
    """The body as it is signed: keys sorted at every depth, no blanks, nothing escaped, nulls kept."""
    return json.dumps(asked, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def sign(query: dict[str, str], body: str, *, secret: str) -> str:
    """Sign four parameters and the body, between the secret, by HMAC-SHA256 in lower-case hex."""
    signed = {**{name: query[name] for name in ("app_key", "method", "timestamp", "v")}, "param_json": body}
    text = secret + "".join(f"{name}{value}" for name, value in sorted(signed.items())) + secret
    return hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest()


def _expiry(value: int) -> datetime:
    """`expires_in` counts seconds in samples and is a moment in one comment of the platform's own SDK."""
    return datetime.fromtimestamp(value, UTC) if value > _FIRST_MOMENT else utc_now() + timedelta(seconds=value)


def error_of(method: str, answer: Record) -> QuanyuError:
    """Translate a refusal, which comes with HTTP 200."""
    code, sub_code = answer.get("code"), str(answer.get("sub_code") or "")
    said = answer.get("sub_msg") or answer.get("msg") or "no message"
    message = f"{method}: code {code} {sub_code}, {said} (log {answer.get('log_id')})."
    if not isinstance(code, int):
        return Retryable(f"{method}: the answer has no code.")
    if sub_code in _TOKEN_DEAD:
        return TokenExpired(message)
    if code in _PASSING:
        return Retryable(message, remedy=_PASSING[code])
    if code == _TOO_OFTEN:
        return Throttled(message, remedy="run the task again later, or lower extra.requests_per_second.")
    is_unauthorised = code == _TOKEN_NOT_MADE or sub_code in _AUTHORISATION_GONE
    if is_unauthorised or code in _NO_PERMISSION:
        return NeedsPerson(message, remedy=_AUTHORISE if is_unauthorised else _NO_PERMISSION[code])
    return Rejected(
        message, remedy=_REMEDIES.get(sub_code, "look the code up in the platform's documents of this API.")
    )


@contextmanager
def connect(where: Connection, *, sleep: Callable[[float], None] = time.sleep) -> Iterator[Doudian]:
    """Open one shop."""
    access, refresh = (str(where.extra.get(name) or "") for name in ("access_token", "refresh_token"))
    if not (where.login and where.password and (refresh or str(where.extra.get("shop_id") or "").isdigit())):
        raise ConfigurationError(
            f"the connection quanyu_{where.name} is incomplete.",
            remedy="set login to the app key, password to the app secret and extra.shop_id to the shop's number; for"
            " a tool app extra.access_token and extra.refresh_token instead of it.",
        )
    with Http.of(where, access, refresh, sleep=sleep) as http:
        yield Doudian(http, where)
