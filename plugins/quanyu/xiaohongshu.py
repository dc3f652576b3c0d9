"""What Xiaohongshu's interfaces for brands (聚光 and 蒲公英) share: one envelope, its words, tokens that turn over.

Each interface is authorised by itself, so each has a connection of its own.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from quanyu.contracts import Connection, Grant, Record
from quanyu.errors import ConfigurationError, QuanyuError, Rejected, Retryable, Throttled, TokenExpired
from quanyu.tokens import Tokens, refreshed
from quanyu.transport import Http, json_of

_REFRESH = "/api/open/oauth2/refresh_token"

# The platform publishes no table of codes, so its words decide; an unknown refusal is not repeated.
_TOKEN = re.compile(r"token|授权|unauthor", re.IGNORECASE)
_TOO_OFTEN = re.compile(r"频繁|限流|频率|too many|rate limit|limit exceeded|qps", re.IGNORECASE)
_ILL = re.compile(r"系统|繁忙|稍后|超时|system|busy|timeout|internal|unavailable", re.IGNORECASE)
_LATER = "run the task again later; if it stays so, look at the platform's notices."


class Xiaohongshu:
    """One authorised account; `header` says how an interface is shown the access token."""

    def __init__(self, http: Http, where: Connection, header: Callable[[str], Mapping[str, str]]) -> None:
        self.account = where.account
        self._http = http
        self._where = where
        self._header = header
        self._tokens = Tokens(http, where, self._issue)

    def post(self, path: str, body: Record) -> Record:
        """The data of one call; a dead token is renewed once."""

        def once(token: str) -> Record:
            return _data(json_of(self._http.exchange("POST", path, headers=self._header(token), json=body)))

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
            lambda: _data(json_of(self._http.exchange("POST", _REFRESH, json=body))), lifetime="access_token_expires_in"
        )


def _data(answer: Record) -> Record:
    if answer.get("code") != 0 or not answer.get("success"):
        raise error_of(answer)
    data = answer.get("data")
    if not isinstance(data, dict):
        raise Retryable("the answer has no data.", remedy=_LATER)
    return data


def error_of(answer: Record) -> QuanyuError:
    """Translate a refusal; the text stands in `message` or in `msg`, depending on the API."""
    said = str(answer.get("message") or answer.get("msg") or "no message")
    message = f"code {answer.get('code')}, {said} (request {answer.get('request_id')})."
    if _TOKEN.search(said):
        return TokenExpired(message)
    if _TOO_OFTEN.search(said):
        return Throttled(message)
    if _ILL.search(said):
        return Retryable(message, remedy=_LATER)
    return Rejected(message, remedy="check extra.account and the app's permissions in the platform's console.")


@contextmanager
def connect(
    where: Connection,
    header: Callable[[str], Mapping[str, str]],
    *,
    account: str,
    sleep: Callable[[float], None] = time.sleep,
) -> Iterator[Xiaohongshu]:
    """Open one account; `account` says what stands in extra.account."""
    refresh = str(where.extra.get("refresh_token") or "")
    if not (where.login and where.password and refresh and where.extra.get("account")):
        raise ConfigurationError(
            f"the connection quanyu_{where.name} is incomplete.",
            remedy="set login (app_id), password (secret), extra.access_token, extra.refresh_token and extra.account"
            f" ({account}).",
        )
    with Http.of(where, str(where.extra.get("access_token") or ""), refresh, sleep=sleep) as http:
        yield Xiaohongshu(http, where, header)
