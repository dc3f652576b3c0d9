"""The open platform of Douyin: calls for one account that allowed an app, its envelope and codes, and its tokens."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from functools import partial

from quanyu.contracts import Connection, Grant, Record
from quanyu.errors import ConfigurationError, NeedsPerson, QuanyuError, Rejected, Retryable, Throttled, TokenExpired
from quanyu.settings import utc_now
from quanyu.tokens import Tokens
from quanyu.transport import Http, json_of

log = logging.getLogger(__name__)

_REFRESH = "/oauth/refresh_token/"
_RENEW = "/oauth/renew_refresh_token/"

_TOKEN_DEAD = frozenset({10008, 28001003, 28001008})
_ILL = frozenset({28001005, 28001006})
_TOO_OFTEN = frozenset({28003017})
_REFRESH_DEAD = 10010
_NO_PERMISSION = frozenset({28001014, 28001016, 28001018, 28001019})
_AUTHORISE = "authorise the app for the account again and put the new refresh token into the connection's password."
_LATER = "run the task again later; if it stays so, look at the platform's notices."


class DouyinOpen:
    """One account. Its refresh token, which does not turn over, is the connection's password."""

    def __init__(self, http: Http, where: Connection) -> None:
        self._http = http
        self._where = where
        seeded = replace(where, extra={**where.extra, "refresh_token": where.password})
        self._tokens = Tokens(http, seeded, self._issue, remedy=_AUTHORISE)

    def get(self, path: str, query: Mapping[str, str | int]) -> Record:
        """Ask about the account and return the data."""
        return self._http.retrying(lambda: self._tokens.call(partial(self._get_once, path, query)))

    def _get_once(self, path: str, query: Mapping[str, str | int], token: str) -> Record:
        params = {"open_id": self._where.account, **query}
        return data_of(json_of(self._http.exchange("GET", path, params=params, headers={"access-token": token})))

    def _issue(self, held: Grant | None) -> Grant:
        """Get an access token for the refresh token. Raises NeedsPerson when that is refused."""
        refresh = held.refresh_token if held else ""
        form = {"client_key": self._where.login, "grant_type": "refresh_token", "refresh_token": refresh}
        try:
            data = data_of(json_of(self._http.exchange("POST", _REFRESH, data=form)))
        except (TokenExpired, Rejected, NeedsPerson) as error:
            raise NeedsPerson(f"the refresh token is refused: {error.message}", remedy=_AUTHORISE) from None
        lives, refreshes = (int(data.get(name) or 0) for name in ("expires_in", "refresh_expires_in"))
        given = str(data.get("refresh_token") or refresh)
        return Grant(
            access_token=str(data.get("access_token") or ""),
            # Its life is as long as ever: before it ends with the access token, it is renewed.
            refresh_token=self._renewed(given) if 0 < refreshes <= lives else given,
            expires_at=utc_now() + timedelta(seconds=lives),
        )

    def _renewed(self, refresh: str) -> str:
        """A refresh token that lives a month from now; the same where the platform has none, as after five of them."""
        form = {"client_key": self._where.login, "refresh_token": refresh}
        try:
            data = data_of(json_of(self._http.exchange("POST", _RENEW, data=form)))
        except (TokenExpired, Rejected, NeedsPerson) as error:
            log.warning("%s: the authorisation ends soon (%s); %s", self._where.name, error.message, _AUTHORISE)
            return refresh
        return str(data.get("refresh_token") or refresh)


def data_of(answer: Record) -> Record:
    """The data of a good answer; `error_code` is a number or a text, and stands in `data` or in `extra`."""
    data, extra = answer.get("data"), answer.get("extra")
    if not isinstance(data, dict):
        raise Retryable("the answer has no data.")
    said = data.get("error_code")
    if said is None and isinstance(extra, dict):
        said = extra.get("error_code")
    if not str(said).lstrip("-").isdigit():
        raise Retryable("the answer has no error_code.")
    if int(str(said)):
        words = data.get("description") or (extra.get("description") if isinstance(extra, dict) else "")
        raise error_of(int(str(said)), f"{words or 'no description'} ({(extra or {}).get('logid')})")
    return data


def error_of(code: int, said: str) -> QuanyuError:
    """Translate a refusal, which comes with HTTP 200."""
    message = f"code {code}, {said}."
    if code in _TOKEN_DEAD:
        return TokenExpired(message)
    if code in _ILL:
        return Retryable(message, remedy=_LATER)
    if code in _TOO_OFTEN:
        return Throttled(message, remedy=_LATER)
    if code == _REFRESH_DEAD:
        return NeedsPerson(message, remedy=_AUTHORISE)
    if code in _NO_PERMISSION:
        return NeedsPerson(
            message, remedy="have the app granted the scopes of video and external data for this account."
        )
    return Rejected(message, remedy="look the code up in the platform's documents.")


@contextmanager
def connect(where: Connection, *, sleep: Callable[[float], None] = time.sleep) -> Iterator[DouyinOpen]:
    """Open one account."""
    if not (where.login and where.password and where.extra.get("account")):
        raise ConfigurationError(
            f"the connection quanyu_{where.name} is incomplete.",
            remedy="set login to the client key, password to the refresh token that the account's authorisation brought"
            " and extra.account to the account's open_id.",
        )
    with Http.of(where, sleep=sleep) as http:
        yield DouyinOpen(http, where)
