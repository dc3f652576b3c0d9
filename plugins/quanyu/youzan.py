"""The open platform of Youzan (有赞): calls with a token in the query, two envelopes; for sources and audiences."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial

from quanyu.contracts import Connection, Grant, Record
from quanyu.errors import ConfigurationError, NeedsPerson, QuanyuError, Rejected, Retryable, Throttled, TokenExpired
from quanyu.settings import utc_now
from quanyu.tokens import Tokens
from quanyu.transport import Http, json_of

_TOKEN = "/auth/token"  # noqa: S105  # a path, and no secret
_OK = 200
_TOKEN_DEAD = frozenset({4201, 4202, 4203})
_TOO_OFTEN = frozenset({4101, 500100004, 123000042, 141500203})
_ILL = frozenset({106000001, 106100118, 106000003})
_TOO_MANY = 142710032
_PAUSES = (3, 6, 12, 24, 48)
"""Seconds the platform wants between one refusal and the next try."""

_LATER = "run the task again later; if it stays so, look at the platform's notices."
_CREDENTIALS = (
    "set the connection's login to the client_id, its password to the client_secret and extra.account to the shop's"
    " kdt_id, and have the app authorised for that shop."
)


class Refused(Rejected):
    """The platform said no; `code` is its own, for callers that skip one customer and go on."""

    def __init__(self, message: str, *, code: int, remedy: str = "") -> None:
        super().__init__(message, remedy=remedy)
        self.code = code


class TooMany(Refused):
    """The list is longer than the platform lists: ask for a shorter time."""


class Youzan:
    """One shop, through one app of its own: tokens are minted at any time."""

    def __init__(self, http: Http, where: Connection) -> None:
        self.where = where
        self._http = http
        self._refused = 0
        self._tokens = Tokens(http, where, self._issue, remedy=_CREDENTIALS)

    def call(self, api: str, asked: Record) -> Record:
        """Call an API (`youzan.trades.sold.get/4.0.4`) and return its data."""

        def once(token: str) -> Record:
            data = self._call_once(api, asked, token)
            if not isinstance(data, dict):
                raise Retryable(f"{api}: the answer has no data.")
            return data

        return self._http.retrying(lambda: self._tokens.call(once))

    def do(self, api: str, asked: Record) -> bool:
        """Call an API that answers with whether it did it. Raises Refused with the code of a refusal."""
        return self._http.retrying(lambda: self._tokens.call(partial(self._call_once, api, asked))) is True

    def _call_once(self, api: str, asked: Record, token: str) -> object:
        answer = json_of(self._http.exchange("POST", f"/api/{api}", params={"access_token": token}, json=asked))
        return self._checked(api, answer)

    def _issue(self, _: Grant | None) -> Grant:
        """Mint a token for seven days. Raises NeedsPerson when the platform refuses the app."""
        asked = {
            "client_id": self.where.login,
            "client_secret": self.where.password,
            "authorize_type": "silent",
            "grant_id": self.where.account,
            "refresh": False,
        }
        answer = json_of(self._http.exchange("POST", _TOKEN, json=asked))
        try:
            data = self._checked(_TOKEN, answer)
        except Rejected as error:
            raise NeedsPerson(error.message, remedy=_CREDENTIALS) from None
        if not isinstance(data, dict) or not data.get("access_token"):
            raise Retryable(f"{_TOKEN} answered without a token.")
        ends = int(data.get("expires") or 0) / 1000
        return Grant(access_token=str(data["access_token"]), expires_at=datetime.fromtimestamp(ends, UTC))

    def _checked(self, api: str, answer: Record) -> object:
        """The data of a good answer; a refusal for being too fast names the pause that comes next."""
        gateway = answer.get("gw_err_resp")
        if isinstance(gateway, dict):
            error = self._error_of(api, gateway.get("err_code"), gateway.get("err_msg"), gateway)
        elif answer.get("code") == _OK and answer.get("success") is True:
            self._refused = 0
            return answer.get("data")
        else:
            error = self._error_of(api, answer.get("code"), answer.get("message"), answer)
        raise error

    def _error_of(self, api: str, code: object, said: object, answer: Record) -> QuanyuError:
        if not isinstance(code, int):
            return Retryable(f"{api}: the answer has no code.")
        message = f"{api}: code {code}, {said or 'no message'} (trace {answer.get('trace_id')})."
        if code not in _TOO_OFTEN:
            return error_of(code, message)
        pause = _PAUSES[min(self._refused, len(_PAUSES) - 1)]
        self._refused += 1
        return Throttled(message, until=utc_now() + timedelta(seconds=pause), remedy=_LATER)


def error_of(code: int, message: str) -> QuanyuError:
    """Translate a refusal, which comes with HTTP 200."""
    if code in _TOKEN_DEAD:
        return TokenExpired(message)
    if code in _ILL:
        return Retryable(message, remedy=_LATER)
    if code == _TOO_MANY:
        return TooMany(message, code=code, remedy="ask for a shorter time.")
    return Refused(
        message,
        code=code,
        remedy="look the code up in the platform's documents; 5001 mostly means a parameter of a wrong type.",
    )


@contextmanager
def connect(where: Connection, *, sleep: Callable[[float], None] | None = None) -> Iterator[Youzan]:
    """Open one shop."""
    if not (where.login and where.password and where.extra.get("account")):
        raise ConfigurationError(f"the connection quanyu_{where.name} is incomplete.", remedy=_CREDENTIALS)
    with Http.of(where, sleep=sleep, attempts=len(_PAUSES) + 1) as http:
        yield Youzan(http, where)
