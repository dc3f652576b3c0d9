"""TOP, the open platform of Taobao and Tmall: signed calls and what its error codes mean, for sources and audiences."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta

from quanyu.contracts import SHANGHAI, Connection, Record
from quanyu.errors import ConfigurationError, NeedsPerson, QuanyuError, Rejected, Retryable, Throttled
from quanyu.settings import utc_now
from quanyu.transport import Http, json_of

TIME_FORMAT = "%Y-%m-%d %H:%M:%S"

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
def connect(where: Connection, *, sleep: Callable[[float], None] | None = None) -> Iterator[Top]:
    """Open one shop; `extra.requests_per_second` is the app's quota, which only its console shows."""
    if not where.login or not where.password or not where.extra.get("session"):
        raise ConfigurationError(
            f"the connection quanyu_{where.name} is incomplete.",
            remedy="set login to the app key, password to the app secret, extra.session to the seller's session.",
        )
    with Http.of(where, str(where.extra["session"]), sleep=sleep) as http:
        yield Top(http, where)
