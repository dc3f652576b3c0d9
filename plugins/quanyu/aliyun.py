"""Aliyun's RPC services (text messages, AI calls): calls signed with ACS3-HMAC-SHA256, and what their codes mean.

One path, the action in a header; errors of the gateway come with HTTP 4xx, those of the business with HTTP 200, both
as `Code`. Some calls are refused whole for one recipient's sake: `halving` finds it.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Callable, Collection, Mapping, Sequence
from urllib.parse import quote, urlencode, urlsplit

from quanyu.contracts import Connection, Message, Receipt, Record, Verdict
from quanyu.errors import DeliveryUnknown, NeedsPerson, QuanyuError, Rejected, Retryable, Throttled
from quanyu.settings import utc_now
from quanyu.transport import Http, json_of, next_midnight

_ALGORITHM = "ACS3-HMAC-SHA256"
_TOMORROW = {"isv.DAY_LIMIT_CONTROL", "isv.MONTH_LIMIT_CONTROL"}
_IN_DOUBT = {"isp.SYSTEM_ERROR", "isp.GATEWAY_TIMEOUT", "InternalError", "ServiceUnavailable"}
_PERSON = {
    "isv.AMOUNT_NOT_ENOUGH": "top up the account.",
    "isv.OUT_OF_SERVICE": "the account is suspended: see its console.",
    "isv.SMS_SIGNATURE_ILLEGAL": "set sign_name in the connection's extra to an approved signature.",
    "isp.RAM_PERMISSION_DENY": "grant the access key's user the full access to this service.",
    "PermissionInsufficient": "grant the access key's user the full access to this service.",
    "InvalidAccessKeyId.NotFound": "set login and password of the connection to a valid access key.",
    "SignatureDoesNotMatch": "set password of the connection to the access key's secret.",
    "InvalidTimeStamp.Expired": "set this machine's clock.",
}


class Refused(Rejected):
    """The service said no, for a reason of the business that the caller knows; `code` says which."""

    def __init__(self, message: str, *, code: str) -> None:
        super().__init__(message, remedy="look the code up in the service's error codes; nothing of the call was done.")
        self.code = code


class Rpc:
    """One service of one account; `name` is how errors call it. Its messages may hold a phone and stay unread."""

    def __init__(self, http: Http, where: Connection, *, name: str, version: str) -> None:
        self._http = http
        self._where = where
        self._host = urlsplit(where.url).netloc
        self._name = name
        self._version = version

    def call(
        self,
        action: str,
        query: Mapping[str, str],
        form: Mapping[str, str] | None = None,
        *,
        repeatable: bool = True,
        refusals: Collection[str] = (),
    ) -> Record:
        """Sign and call, each attempt anew; the answer's Code is OK.

        Raises Refused for a code among `refusals`, Rejected for one that nobody knows, NeedsPerson, Throttled, and
        DeliveryUnknown when the call is not `repeatable` and may have been carried out.
        """
        body = urlencode(form or {}, quote_via=quote).encode()

        def once() -> Record:
            headers = self._signed(action, query, body)
            # Not in the path: errors name the path, and a query may hold a phone.
            response = self._http.exchange(
                "POST", "/", params=query, repeatable=repeatable, headers=headers, content=body
            )
            answer = json_of(response, repeatable=repeatable)
            code = str(answer.get("Code"))
            if code in refusals:
                raise Refused(f"{self._name} {action}: {code}.", code=code)
            _check(f"{self._name} {action}: {code}.", code, repeatable=repeatable)
            return answer

        return self._http.retrying(once)

    def _signed(self, action: str, query: Mapping[str, str], body: bytes) -> dict[str, str]:
        headers = {
            "host": self._host,
            "x-acs-action": action,
            "x-acs-version": self._version,
            "x-acs-date": f"{utc_now():%Y-%m-%dT%H:%M:%SZ}",
            "x-acs-signature-nonce": secrets.token_hex(16),
            "x-acs-content-sha256": hashlib.sha256(body).hexdigest(),
            **({"content-type": "application/x-www-form-urlencoded"} if body else {}),
        }
        return {**headers, "authorization": authorization(self._where.login, self._where.password, query, headers)}


def authorization(key: str, secret: str, query: Mapping[str, str], headers: Mapping[str, str]) -> str:
    """The Authorization header of a POST to `/` (ACS3-HMAC-SHA256); `headers` have lowercase names, all are signed."""
    names = sorted(headers)
    signed = [f"{name}:{headers[name].strip()}" for name in names]
    canonical = ["POST", "/", _canonical_query(query), *signed, "", ";".join(names), headers["x-acs-content-sha256"]]
    digest = hashlib.sha256("\n".join(canonical).encode()).hexdigest()
    signature = hmac.new(secret.encode(), f"{_ALGORITHM}\n{digest}".encode(), hashlib.sha256).hexdigest()
    return f"{_ALGORITHM} Credential={key},SignedHeaders={';'.join(names)},Signature={signature}"


def halving(batch: Sequence[Message], hand_over: Callable[[Sequence[Message]], str]) -> list[Receipt]:
    """Hand a batch over where one bad recipient refuses the whole call: halve it until that one stands alone.

    `hand_over` returns the provider's id, or raises Refused for one recipient's sake. Raises what else it raises,
    with the receipts so far; a lost answer after something was said speaks for its own part only.
    """
    receipts: list[Receipt] = []
    parts = [list(batch)]
    while parts:
        part = parts.pop()
        try:
            receipts += _all(part, Verdict.ACCEPTED, provider_id=hand_over(part))
        except Refused as error:
            if len(part) == 1:
                receipts += _all(part, Verdict.REFUSED, code=error.code)
            else:
                middle = len(part) // 2
                parts += [part[middle:], part[:middle]]
        except DeliveryUnknown:
            if not receipts:
                raise
            waiting = [message for rest in parts for message in rest]
            return [*receipts, *_all(part, Verdict.UNKNOWN), *_all(waiting, Verdict.LATER)]
        except QuanyuError as error:
            error.receipts = receipts
            raise
    return receipts


def number(message: Message) -> str:
    """Mainland numbers without a prefix, others with their country code and no plus."""
    return message.address.removeprefix("+86").removeprefix("+")


def _canonical_query(query: Mapping[str, str]) -> str:
    return "&".join(f"{quote(name, safe='~')}={quote(query[name], safe='~')}" for name in sorted(query))


def _check(said: str, code: str, *, repeatable: bool) -> None:
    if code == "OK":
        return
    if code.startswith("Throttling"):
        raise Throttled(said)
    if code in _TOMORROW:
        raise Throttled(
            said, until=next_midnight(utc_now()), remedy="raise the limit in the console, or wait until tomorrow."
        )
    if code in _PERSON:
        raise NeedsPerson(said, remedy=_PERSON[code])
    if code in _IN_DOUBT:
        raise (Retryable if repeatable else DeliveryUnknown)(said)
    raise Rejected(said, remedy="look the code up in the service's error codes; nothing of the call was done.")


def _all(batch: Sequence[Message], verdict: Verdict, *, provider_id: str = "", code: str = "") -> list[Receipt]:
    return [Receipt(key=one.key, verdict=verdict, provider_id=provider_id, code=code) for one in batch]
