"""WeChat official accounts and WeCom: tokens, calls and what their error codes mean, for sources and channels.

Both answer HTTP 200 with `errcode` in the body and take `access_token` in the query. They differ in how a token
is got and in what a code means (40001 is a dead token at one and wrong credentials at the other): a `Dialect`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

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
from quanyu.settings import utc_now
from quanyu.tokens import MARGIN, Tokens
from quanyu.transport import Http, json_of, next_midnight


class Refused(Rejected):
    """The platform said no; `code` is its errcode, for callers that skip one recipient and go on."""

    def __init__(self, message: str, *, code: int, remedy: str = "") -> None:
        super().__init__(message, remedy=remedy)
        self.code = code


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """How one of the two families issues tokens and what its codes mean.

    `fetch_token(http, where, refused)` returns the answer of the token call; `refused` is the dead token, if any.
    """

    name: str
    fetch_token: Callable[[Http, Connection, str], Record]
    token_dead: frozenset[int]
    busy: frozenset[int]
    pauses: Mapping[int, timedelta]
    out_of_quota: Callable[[datetime], datetime]
    needs_person: Mapping[int, str]


class WeChat:
    """One official account or one WeCom app; keeps its token and replaces it at most once per call."""

    def __init__(self, http: Http, dialect: Dialect, where: Connection) -> None:
        self._http = http
        self._dialect = dialect
        self._where = where
        # Kept by this client alone: the platform hands every process the same token.
        self._tokens = Tokens(http, replace(where, tokens=None), self._issue, remedy=CREDENTIALS)

    def call(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str | int] | None = None,
        body: Mapping[str, Any] | None = None,
        repeatable: bool = True,
        accept: Collection[int] = (),
    ) -> Record:
        """Call the API and return its answer; `accept` lists errcodes whose answer the caller reads itself.

        Raises Refused (with the code), NeedsPerson, Throttled, Retryable after bounded retries, and
        DeliveryUnknown when the call is not `repeatable` and may have been carried out.
        """

        def once(token: str) -> Record:
            with_token = {**(params or {}), "access_token": token}
            response = self._http.exchange(method, path, params=with_token, json=body, repeatable=repeatable)
            answer = json_of(response, repeatable=repeatable)
            self.check(answer, path, repeatable=repeatable, accept=accept)
            return answer

        return self._http.retrying(lambda: self._tokens.call(once))

    def token(self, *, refused: str = "") -> str:
        """The token to call with, for who makes calls of their own: another than the one that was `refused`."""
        return self._http.retrying(lambda: self._tokens.current(refused=refused))

    def check(self, answer: Record, path: str, *, repeatable: bool = True, accept: Collection[int] = ()) -> None:
        """Raise what an answer's errcode means, unless it is one of `accept`; TokenExpired is the caller's to heed."""
        if _code(answer) not in accept:
            _check(self._dialect, answer, path, repeatable=repeatable)

    def _issue(self, held: Grant | None) -> Grant:
        """Ask for a token; a held one that should still live was refused."""
        refused = held.access_token if held is not None and held.expires_at > utc_now() + MARGIN else ""
        answer = self._dialect.fetch_token(self._http, self._where, refused)
        try:
            _check(self._dialect, answer, "token", repeatable=True)
        except TokenExpired as error:
            # 40001 as an answer to the token call itself means the secret.
            raise NeedsPerson(error.message, remedy=CREDENTIALS) from None
        token = answer.get("access_token")
        if not isinstance(token, str) or not token:
            raise Retryable(f"{self._dialect.name}: the token call answered without a token.")
        lifetime = timedelta(seconds=int(answer.get("expires_in", 7200)))
        return Grant(access_token=token, expires_at=utc_now() + lifetime)


def _code(answer: Record) -> int:
    """The errcode; many successes carry none."""
    return int(answer.get("errcode") or 0)


def _check(dialect: Dialect, answer: Record, path: str, *, repeatable: bool) -> None:
    if code := _code(answer):
        raise _error_of(dialect, code, f"{dialect.name} {path}: errcode {code}, {answer.get('errmsg')}.", repeatable)


def _error_of(dialect: Dialect, code: int, message: str, repeatable: bool) -> QuanyuError:
    if code in dialect.token_dead:
        return TokenExpired(message)
    if code in dialect.busy:
        # "System busy" does not say whether the work was done.
        return (Retryable if repeatable else DeliveryUnknown)(message)
    if code in dialect.pauses:
        return Throttled(message, until=utc_now() + dialect.pauses[code])
    if code == 45009:
        return Throttled(
            message, until=dialect.out_of_quota(utc_now()), remedy="the quota of calls is used up: run again after it."
        )
    if code in dialect.needs_person:
        return NeedsPerson(message, remedy=dialect.needs_person[code])
    return Refused(message, code=code, remedy="look the code up in the platform's table of return codes.")


def _stable_token(http: Http, where: Connection, refused: str) -> Record:
    """Ask for the stable token; force a new one only when the platform still hands out the refused one.

    Forcing is limited to 20 a day and kills the token that other processes hold.
    """
    answer: Record = {}
    for force in (False, True):
        response = http.exchange(
            "POST",
            "/cgi-bin/stable_token",
            json={
                "grant_type": "client_credential",
                "appid": where.login,
                "secret": where.password,
                "force_refresh": force,
            },
        )
        answer = json_of(response)
        if _code(answer) or not refused or answer.get("access_token") != refused:
            break
    return answer


def _corp_token(http: Http, where: Connection, _refused: str) -> Record:
    response = http.exchange("GET", "/cgi-bin/gettoken", params={"corpid": where.login, "corpsecret": where.password})
    return json_of(response)


_ALLOW_IP = "add this machine's outgoing address to the IP whitelist of the app."
CREDENTIALS = (
    "set login and password of the connection to the app's current id and secret, and let nobody else renew its token."
)
_PERMISSION = "grant the app this interface in the administration console."
_VISIBILITY = "put the member into the app's visible range and list the app under customer contact."

OFFICIAL_ACCOUNT = Dialect(
    name="official account",
    fetch_token=_stable_token,
    token_dead=frozenset({40001, 40014, 42001}),
    busy=frozenset({-1}),
    pauses={45011: timedelta(seconds=60)},
    out_of_quota=next_midnight,
    needs_person={
        40013: CREDENTIALS,
        40125: CREDENTIALS,
        41002: CREDENTIALS,
        41004: CREDENTIALS,
        40164: _ALLOW_IP,
        45035: _ALLOW_IP,
        61004: _ALLOW_IP,
        89503: "let an administrator of the account confirm the call that was just made.",
        48001: _PERMISSION,
        48004: "the interface was blocked for this account: see the message in its console.",
        50001: _PERMISSION,
        50002: "the account is restricted: see the message in its console.",
    },
)

WECOM = Dialect(
    name="wecom",
    fetch_token=_corp_token,
    token_dead=frozenset({40014, 42001}),
    busy=frozenset({-1, 41063}),
    pauses={45033: timedelta(seconds=5)},
    out_of_quota=lambda now: now + timedelta(hours=1),
    needs_person={
        40001: CREDENTIALS,
        40013: CREDENTIALS,
        40091: CREDENTIALS,
        48002: _PERMISSION,
        60020: _ALLOW_IP,
        60011: _VISIBILITY,
        60021: _VISIBILITY,
        60030: _VISIBILITY,
        60111: _VISIBILITY,
        84074: _VISIBILITY,
    },
)


@contextmanager
def connect(dialect: Dialect, where: Connection, *, sleep: Callable[[float], None] | None = None) -> Iterator[WeChat]:
    """Open a client of the account behind a connection; the token is fetched by the first call."""
    if not where.login or not where.password:
        raise ConfigurationError(f"the connection quanyu_{where.name} lacks login or password.", remedy=CREDENTIALS)
    with Http.of(where, sleep=sleep) as http:
        yield WeChat(http, dialect, where)
