"""Tencent Cloud's API 3.0: calls signed with TC3-HMAC-SHA256, and what the codes that all services share mean.

One path, the action in a header; an error comes with HTTP 200 as `Response.Error`. Its message may hold a phone and
stays unread. Source: cloud.tencent.com/document/api/382/52072 (signature), 382/52075 (codes).
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from urllib.parse import urlsplit

from quanyu.contracts import Connection, Record
from quanyu.errors import DeliveryUnknown, NeedsPerson, QuanyuError, Rejected, Retryable, Throttled
from quanyu.settings import utc_now
from quanyu.transport import Http, json_of

_ALGORITHM = "TC3-HMAC-SHA256"
_IN_DOUBT = {"InternalError", "InternalError.SendAndRecvFail", "InternalError.Timeout"}
_CLOCK = "set this machine's clock."
_PERSON = {
    "AuthFailure.SignatureExpire": _CLOCK,
    "InternalError.RequestTimeException": _CLOCK,
    "AuthFailure": "set login and password of the connection to a valid SecretId and its SecretKey.",
    "UnauthorizedOperation": "grant the key and the application what the code names, in the console.",
}


class Refused(Rejected):
    """The service said no, in a code of its own."""

    def __init__(self, message: str, *, code: str) -> None:
        super().__init__(message, remedy="look the code up in the service's error codes; nothing of the call was done.")
        self.code = code


class Api:
    """One service of one account."""

    def __init__(self, http: Http, where: Connection, *, service: str, version: str) -> None:
        self._http = http
        self._where = where
        self._service = service
        self._version = version

    def call(self, action: str, asked: Mapping[str, object], *, repeatable: bool = True) -> Record:
        """Sign and call, each attempt anew; returns `Response`. Raises what `error_of` makes of an error's code."""
        body = json.dumps(asked, ensure_ascii=False).encode()

        def once() -> Record:
            headers = self._signed(action, body)
            response = self._http.exchange("POST", "/", repeatable=repeatable, headers=headers, content=body)
            answer: Record = json_of(response, repeatable=repeatable).get("Response") or {}
            if code := str((answer.get("Error") or {}).get("Code") or ""):
                raise error_of(f"{self._where.name} {action}", code, repeatable=repeatable)
            return answer

        return self._http.retrying(once)

    def _signed(self, action: str, body: bytes) -> dict[str, str]:
        now = int(utc_now().timestamp())
        signed = {"content-type": "application/json", "host": urlsplit(self._where.url).netloc}
        return {
            **signed,
            "authorization": authorization(self._where.login, self._where.password, self._service, signed, now, body),
            "x-tc-action": action,
            "x-tc-version": self._version,
            "x-tc-timestamp": str(now),
            "x-tc-region": str(self._where.extra.get("region") or "ap-guangzhou"),
        }


def authorization(  # noqa: PLR0917  # the order in which the signature takes them
    key: str, secret: str, service: str, headers: Mapping[str, str], at: int, body: bytes
) -> str:
    """The Authorization header of a POST to `/` made `at` (seconds since 1970); all of `headers` are signed."""
    names = sorted(headers)
    signed = [f"{name}:{headers[name].strip().lower()}" for name in names]
    canonical = ["POST", "/", "", *signed, "", ";".join(names), hashlib.sha256(body).hexdigest()]
    day = f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d}"
    scope = f"{day}/{service}/tc3_request"
    digest = hashlib.sha256("\n".join(canonical).encode()).hexdigest()
    chained = f"TC3{secret}".encode()
    for step in (day, service, "tc3_request"):
        chained = hmac.new(chained, step.encode(), hashlib.sha256).digest()
    text = f"{_ALGORITHM}\n{at}\n{scope}\n{digest}"
    signature = hmac.new(chained, text.encode(), hashlib.sha256).hexdigest()
    return f"{_ALGORITHM} Credential={key}/{scope}, SignedHeaders={';'.join(names)}, Signature={signature}"


def error_of(call: str, code: str, *, repeatable: bool) -> QuanyuError:
    """What a code means for a whole call; Refused where only the service knows."""
    said = f"{call}: {code}."
    if code in _IN_DOUBT:
        return (Retryable if repeatable else DeliveryUnknown)(said)
    if code.startswith("RequestLimitExceeded"):
        return Throttled(said)
    if remedy := _PERSON.get(code) or _PERSON.get(code.partition(".")[0]):
        return NeedsPerson(said, remedy=remedy)
    return Refused(said, code=code)
