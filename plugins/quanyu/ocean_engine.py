"""The Marketing API of Ocean Engine (巨量引擎): calls, tokens and what its codes mean, for sources and audiences."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Unpack

from quanyu.contracts import Connection, Grant, Record
from quanyu.errors import (
    ConfigurationError,
    DeliveryUnknown,
    NeedsPerson,
    QuanyuError,
    Rejected,
    Retryable,
    Throttled,
    TokenExpired,
)
from quanyu.tokens import Tokens, refreshed
from quanyu.transport import Http, Parts, json_of

_REFRESH = "/open_api/oauth2/refresh_token/"

_TOKEN_DEAD = frozenset({40102, 40103, 40105})
_TOO_OFTEN = frozenset({40100, 40110})
_NO_PERMISSION = frozenset({40002})
_LATER = "run the task again later; if it stays so, look at the platform's notices."


class OpenApi:
    """One advertiser."""

    def __init__(self, http: Http, where: Connection) -> None:
        self.advertiser = int(where.account)
        self._http = http
        self._where = where
        self._tokens = Tokens(http, where, self._issue)

    def get(self, path: str, **asked: Any) -> Record:
        """The data of one call. Lists and objects travel as JSON text in the query."""
        query = {name: value if isinstance(value, str | int) else json.dumps(value) for name, value in asked.items()}
        return self._call("GET", path, repeatable=True, params=query)

    def post(self, path: str, *, repeatable: bool = True, **parts: Unpack[Parts]) -> Record:
        """The data of one call that carries a body. Raises DeliveryUnknown when it is not `repeatable` and was cut."""
        return self._call("POST", path, repeatable=repeatable, **parts)

    def _call(self, method: str, path: str, *, repeatable: bool, **parts: Unpack[Parts]) -> Record:
        def once(token: str) -> Record:
            headers = {**parts.get("headers", {}), "Access-Token": token}
            with_token = Parts({**parts, "headers": headers})
            answer = json_of(
                self._http.exchange(method, path, repeatable=repeatable, **with_token), repeatable=repeatable
            )
            return _data(answer, repeatable=repeatable)

        return self._http.retrying(lambda: self._tokens.call(once))

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


def _data(answer: Record, *, repeatable: bool = True) -> Record:
    data = answer.get("data")
    if answer.get("code") == 0 and isinstance(data, dict):
        return data
    error = error_of(answer) if answer.get("code") != 0 else Retryable("the answer has no data.")
    if type(error) is Retryable and not repeatable:
        # "Timeout" does not say whether the work was done.
        raise DeliveryUnknown(error.message, remedy=error.remedy)
    raise error


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
def connect(where: Connection, *, sleep: Callable[[float], None] | None = None) -> Iterator[OpenApi]:
    """Open one advertiser."""
    refresh = str(where.extra.get("refresh_token") or "")
    if not (where.login and where.password and refresh and str(where.extra.get("account") or "").isdigit()):
        raise ConfigurationError(
            f"the connection quanyu_{where.name} is incomplete.",
            remedy="set login (app_id), password (secret), extra.access_token, extra.refresh_token and extra.account"
            " (the advertiser's id, digits).",
        )
    with Http.of(where, str(where.extra.get("access_token") or ""), refresh, sleep=sleep) as http:
        yield OpenApi(http, where)
