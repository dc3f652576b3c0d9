"""JOS, the open platform of JD: signed calls, its envelope and codes, and the tokens of a shop that turn over."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

from quanyu.contracts import SHANGHAI, Connection, Grant, Record
from quanyu.errors import ConfigurationError, NeedsPerson, QuanyuError, Rejected, Retryable, Throttled, TokenExpired
from quanyu.settings import utc_now
from quanyu.tokens import Tokens
from quanyu.transport import Http, json_of

_OAUTH_URL = "https://open-oauth.jd.com"
_AUTHORISE = "authorise the app again and put the new access_token and refresh_token into the connection's extra."

_PLATFORM_SIDE = frozenset({1, 43, 65, 66, 67, 69, 78})
_TOKEN_DEAD = frozenset({18, 19})
_NO_PERMISSION = frozenset({3, 22, 23, 24, 25, 28, 64, 74, 75, 80})
_REMEDIES = {
    7: "correct this machine's clock: JOS allows six minutes.",
    8: "correct this machine's clock: JOS allows six minutes.",
    11: "set the connection's password to the current app secret.",
    12: "set the connection's password to the current app secret.",
}
_SPURIOUS = "10100046"
"""A failure inside an answer that goes away by itself."""


class Jos:
    """One shop, through one app."""

    def __init__(self, http: Http, oauth: Http, where: Connection) -> None:
        self._http = http
        self._oauth = oauth
        self._where = where
        self._tokens = Tokens(http, where, self._issue, remedy=_AUTHORISE)

    def call(self, method: str, asked: Record, result: str) -> Record:
        """Call an API and return the `result` inside its envelope; signed anew for every attempt."""
        return self._http.retrying(lambda: self._tokens.call(partial(self._call_once, method, asked, result)))

    def _call_once(self, method: str, asked: Record, result: str, token: str) -> Record:
        sent = {
            "method": method,
            "app_key": self._where.login,
            "access_token": token,
            "timestamp": wall_clock(utc_now()),
            "v": "2.0",
            # Signed as sent: written once.
            "360buy_param_json": json.dumps(asked, ensure_ascii=False, separators=(",", ":")),
        }
        sent["sign"] = sign(sent, secret=self._where.password)
        answer = json_of(self._http.exchange("POST", "/routerjson", data=sent))
        if "error_response" in answer:
            raise error_of(method, answer["error_response"])
        inside = answer.get(method.replace(".", "_") + "_responce")
        if not isinstance(inside, dict):
            raise Retryable(f"{method}: the answer has neither an envelope nor an error.")
        if str(inside.get("code", "0")) != "0":
            raise error_of(method, inside)
        found: Record = inside.get(result) or {}
        verdict = found.get("apiResult", found)
        if verdict.get("success") is False:
            raise failure_of(method, verdict)
        return found

    def _issue(self, held: Grant | None) -> Grant:
        """Turn the pair over by the refresh token. Raises NeedsPerson when that is refused."""
        asked = {
            "app_key": self._where.login,
            "app_secret": self._where.password,
            "grant_type": "refresh_token",
            "refresh_token": held.refresh_token if held else "",
        }
        answer = json_of(self._oauth.exchange("GET", "/oauth2/refresh_token", params=asked))
        if str(answer.get("code", "0")) != "0" or not answer.get("access_token"):
            raise NeedsPerson(
                f"the refresh token is refused: code {answer.get('code')} {answer.get('msg')}.", remedy=_AUTHORISE
            )
        return Grant(
            access_token=str(answer["access_token"]),
            refresh_token=str(answer.get("refresh_token") or asked["refresh_token"]),
            expires_at=utc_now() + timedelta(seconds=int(answer.get("expires_in") or 0)),
        )


def sign(parameters: Mapping[str, str], *, secret: str) -> str:
    """Sign everything that is sent: sorted names and raw values between the secret, MD5 in upper-case hex."""
    text = "".join(f"{key}{value}" for key, value in sorted(parameters.items()) if key != "sign")
    return hashlib.md5(f"{secret}{text}{secret}".encode(), usedforsecurity=False).hexdigest().upper()


def error_of(method: str, said: Mapping[str, object]) -> QuanyuError:
    """Translate JOS's `error_response`, whose code is a text."""
    text = str(said.get("code") or "")
    code = int(text) if text.isdigit() else -1
    message = f"{method}: code {text} {said.get('en_desc') or ''}, {said.get('zh_desc') or ''}."
    if code in _PLATFORM_SIDE:
        return Retryable(message, remedy="if it stays so, see the platform's notices.")
    if code == 2:
        # No time is named: it may be a burst, or the day's quota.
        return Throttled(message, remedy="run the task again later; the console of the app shows its daily quota.")
    if code in _TOKEN_DEAD:
        return TokenExpired(message)
    if code in _NO_PERMISSION:
        return NeedsPerson(
            message, remedy="have the app granted this API in its console, and this machine's address allowed."
        )
    return Rejected(message, remedy=_REMEDIES.get(code, "look the code up in the documents of JOS."))


def failure_of(method: str, said: Mapping[str, object]) -> QuanyuError:
    """Translate a result that says `success: false` inside a good envelope."""
    code = said.get("numberCode") or said.get("code")
    message = f"{method}: {said.get('chineseErrCode') or said.get('msg') or 'no reason'} (code {code})."
    if str(code) == _SPURIOUS:
        return Retryable(message, remedy="if it stays so, see the platform's notices.")
    return Rejected(message, remedy="look the code up in the documents of this API.")


def wall_clock(at: datetime) -> str:
    """A moment as JOS writes it."""
    return f"{at.astimezone(SHANGHAI):%Y-%m-%d %H:%M:%S}"


@contextmanager
def connect(where: Connection, *, sleep: Callable[[float], None] = time.sleep) -> Iterator[Jos]:
    """Open one shop; `extra.oauth_url` replaces the host of the tokens, which is another than the gateway's."""
    access, refresh = (str(where.extra.get(name) or "") for name in ("access_token", "refresh_token"))
    if not (where.login and where.password and refresh):
        raise ConfigurationError(
            f"the connection quanyu_{where.name} is incomplete.",
            remedy="set login to the app key, password to the app secret, extra.access_token and extra.refresh_token"
            " to the seller's tokens.",
        )
    tokens = replace(where, url=str(where.extra.get("oauth_url") or _OAUTH_URL))
    with Http.of(where, access, refresh, sleep=sleep) as http, Http.of(tokens, access, refresh, sleep=sleep) as oauth:
        yield Jos(http, oauth, where)
