"""The Marketing API of Tencent Ads (广点通) v3.0: calls, tokens and what its codes mean, for sources and audiences."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any, Unpack

from quanyu.contracts import Connection, Grant, Record
from quanyu.errors import ConfigurationError, NeedsPerson, QuanyuError, Rejected, Retryable, Throttled, TokenExpired
from quanyu.settings import utc_now
from quanyu.tokens import Tokens, refreshed
from quanyu.transport import Http, Parts, json_of, next_midnight

_OAUTH = "/oauth/token"

# developers.e.qq.com/v3.0/docs/errors; an answer without a code is none of the platform's.
_TOKEN_DEAD = frozenset({11000})
_UNAUTHORISED = frozenset({11002, 11004, 11005, 11009, 11011, 11012, 11013})
_NO_PERMISSION = frozenset({11014, 31033})
_TOO_OFTEN = frozenset({11016, 11017, 11018, 11019})
_ILL = frozenset({10000, 10001, None})
_AUTHORISE = "authorise the app again and put the new access_token and refresh_token into the connection's extra."
_LATER = "run the task again later; if it stays so, look at the platform's notices."


class MarketingApi:
    """One advertising account."""

    def __init__(self, http: Http, where: Connection) -> None:
        self.account = int(where.account)
        self._http = http
        self._where = where
        self._tokens = Tokens(http, where, self._issue)

    def get(self, path: str, **asked: Any) -> Record:
        """The data of one call. Structures travel as JSON text in the query."""
        query = {name: value if isinstance(value, str | int) else json.dumps(value) for name, value in asked.items()}
        return self._call("GET", path, query)

    def post(self, path: str, **parts: Unpack[Parts]) -> Record:
        """The data of one call that carries a body; it is repeated when its answer is lost."""
        return self._call("POST", path, {}, **parts)

    def _call(self, method: str, path: str, query: Mapping[str, str | int], **parts: Unpack[Parts]) -> Record:
        """Each attempt has a nonce and a time of its own."""

        def once(token: str) -> Record:
            fresh: dict[str, str | int] = {
                "access_token": token,
                "timestamp": int(utc_now().timestamp()),
                "nonce": secrets.token_hex(16),
            }
            asked = Parts({**parts, "params": {**query, **fresh}})
            return _data(json_of(self._http.exchange(method, path, **asked)))

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
    return {
        11016: now + timedelta(seconds=1),
        11017: now.replace(second=0, microsecond=0) + timedelta(minutes=1),
        11018: next_midnight(now),
    }.get(code)


@contextmanager
def connect(where: Connection, *, sleep: Callable[[float], None] | None = None) -> Iterator[MarketingApi]:
    """Open one account."""
    refresh = str(where.extra.get("refresh_token") or "")
    if not (where.login and where.password and refresh and str(where.extra.get("account") or "").isdigit()):
        raise ConfigurationError(
            f"the connection quanyu_{where.name} is incomplete.",
            remedy="set login (client_id), password (client_secret), extra.access_token, extra.refresh_token and"
            " extra.account (the account's id, digits).",
        )
    with Http.of(where, str(where.extra.get("access_token") or ""), refresh, sleep=sleep) as http:
        yield MarketingApi(http, where)
