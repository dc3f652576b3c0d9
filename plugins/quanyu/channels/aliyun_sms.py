"""Aliyun text messages (阿里云短信, `SendBatchSms`): up to 100 numbers with own parameters in one call.

What it promises: every number can be asked about for 30 days, and an answer names our batch (`OutId`), so a lost
answer is found out. What it does not: the call is not idempotent, and one bad number refuses the whole of it; the
batch is then halved until the number stands alone. Replies come by push: `replies_url` in the connection's extra
is the brand's own collector, which keeps what Aliyun pushed (`SmsUp`).

    {TemplateCode, PhoneNumberJson, TemplateParamJson, OutId = batch key} -> BizId -> QuerySendDetails

Connection `quanyu_aliyun_sms`: login = access key id, password = secret, extra {"sign_name", "replies_url"?}.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from urllib.parse import quote, urlencode, urlsplit

from quanyu.contracts import SHANGHAI, Channel, Connection, Message, Query, Receipt, Record, Verdict
from quanyu.errors import ConfigurationError, DeliveryUnknown, NeedsPerson, QuanyuError, Rejected, Retryable, Throttled
from quanyu.settings import utc_now
from quanyu.transport import Http, json_of

_ALGORITHM = "ACS3-HMAC-SHA256"
_PAGE = 50
# The whole call is refused for one number's sake.
_ONE_NUMBER = {"isv.MOBILE_NUMBER_ILLEGAL", "isv.BUSINESS_LIMIT_CONTROL"}
_TOMORROW = {"isv.DAY_LIMIT_CONTROL", "isv.MONTH_LIMIT_CONTROL"}
_IN_DOUBT = {"isp.SYSTEM_ERROR", "isp.GATEWAY_TIMEOUT", "InternalError", "ServiceUnavailable"}
_PERSON = {
    "isv.AMOUNT_NOT_ENOUGH": "top up the account.",
    "isv.OUT_OF_SERVICE": "the account is suspended: see its console.",
    "isv.SMS_SIGNATURE_ILLEGAL": "set sign_name in the connection's extra to an approved signature.",
    "isp.RAM_PERMISSION_DENY": "grant the access key AliyunDysmsFullAccess.",
    "InvalidAccessKeyId.NotFound": "set login and password of the connection to a valid access key.",
    "SignatureDoesNotMatch": "set password of the connection to the access key's secret.",
    "InvalidTimeStamp.Expired": "set this machine's clock.",
}
_STATUS = {1: Verdict.ACCEPTED, 2: Verdict.FAILED, 3: Verdict.DELIVERED}

# Stands for the BizId that a lost answer would have brought.
_BY_OUT_ID = "OutId="


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """One reply that a person sent."""

    address: str = field(repr=False)
    said: str = field(repr=False)
    at: datetime
    cursor: str


class AliyunSms:
    """The account as a channel client; addresses are phones in E.164."""

    def __init__(self, http: Http, where: Connection) -> None:
        self._http = http
        self._where = where
        self._host = urlsplit(where.url).netloc

    def send(self, batch_key: str, batch: Sequence[Message]) -> list[Receipt]:
        """Send to all numbers at once; a number that is refused is found and left out."""
        receipts: list[Receipt] = []
        parts = [list(batch)]
        while parts:
            part = parts.pop()
            try:
                answer = self._send(batch_key, part)
            except QuanyuError as error:
                if not any(receipt.verdict is Verdict.ACCEPTED for receipt in receipts):
                    raise
                # Some of the batch is out, so the error cannot speak for all of it.
                receipts += _all(part, Verdict.UNKNOWN if isinstance(error, DeliveryUnknown) else Verdict.LATER)
                return receipts + [late for rest in parts for late in _all(rest, Verdict.LATER)]
            if answer["Code"] == "OK":
                receipts += _all(part, Verdict.ACCEPTED, provider_id=str(answer["BizId"]))
            elif len(part) == 1:
                receipts += _all(part, Verdict.REFUSED, code=str(answer["Code"]))
            else:
                middle = len(part) // 2
                parts += [part[middle:], part[:middle]]
        return receipts

    def ask(self, batch_key: str, batch: Sequence[Message]) -> list[Receipt]:
        """Ask for each number; a message that is not filed under our `OutId` was never taken."""
        return [
            self._filed(message, _BY_OUT_ID + batch_key) or Receipt(key=message.key, verdict=Verdict.LATER)
            for message in batch
        ]

    def receipts(self, sent: Sequence[Message]) -> Iterator[Receipt]:
        """Ask for each number; those the carrier has not answered for are left out."""
        for message in sent:
            receipt = self._filed(message, message.provider_id) if message.provider_id else None
            if receipt is not None and receipt.verdict is not Verdict.ACCEPTED:
                yield receipt

    def replies(self, after: str) -> Iterator[Heard]:
        """Read what the collector keeps after a sequence id; nothing when the connection names no collector."""
        if not (collector := str(self._where.extra.get("replies_url") or "")):
            return
        parts = urlsplit(collector)
        with Http(f"{parts.scheme}://{parts.netloc}") as http:
            response = http.request("GET", parts.path, params={"after": after or "0"})
        try:
            rows = sorted(json.loads(response.content), key=lambda row: int(row["sequence_id"]))
        except (ValueError, TypeError, KeyError):
            raise Retryable("aliyun_sms: replies_url answers with no list of SmsUp bodies.") from None
        for row in rows:
            at, cursor = _moment(row["send_time"]), str(row["sequence_id"])
            yield Heard(address=str(row["phone_number"]), said=str(row["content"]), at=at, cursor=cursor)

    def _send(self, batch_key: str, batch: Sequence[Message]) -> Record:
        return self._call(
            "SendBatchSms",
            {"TemplateCode": batch[0].template, "OutId": batch_key},
            {
                "PhoneNumberJson": json.dumps([_number(message) for message in batch]),
                "SignNameJson": json.dumps([self._where.extra["sign_name"]] * len(batch), ensure_ascii=False),
                "TemplateParamJson": json.dumps([dict(message.params) for message in batch], ensure_ascii=False),
            },
        )

    def _filed(self, message: Message, provider_id: str) -> Receipt | None:
        """What the platform has of one number, our call and its day; None when it has nothing."""
        if message.sent_on is None:
            return Receipt(key=message.key, verdict=Verdict.UNKNOWN)
        query = {"PhoneNumber": _number(message), "SendDate": f"{message.sent_on:%Y%m%d}", "PageSize": str(_PAGE)}
        is_ours = provider_id.startswith(_BY_OUT_ID)
        query |= {} if is_ours else {"BizId": provider_id}
        page, total = 0, 1
        while page * _PAGE < total:
            page += 1
            answer = self._call("QuerySendDetails", {**query, "CurrentPage": str(page)}, {})
            total = int(answer.get("TotalCount") or 0)
            for row in (answer.get("SmsSendDetailDTOs") or {}).get("SmsSendDetailDTO") or []:
                if not is_ours or _BY_OUT_ID + str(row.get("OutId")) == provider_id:
                    return _receipt(message, row, provider_id)
        return None

    def _call(self, action: str, query: Mapping[str, str], form: Mapping[str, str]) -> Record:
        """Sign and call; the answer's Code is OK or one of `_ONE_NUMBER`. Its Message may hold a phone: unread."""
        repeatable = not form
        body = urlencode(form, quote_via=quote).encode()

        def once() -> Record:
            headers = self._signed(action, query, body)
            # Not in the path: errors name the path, and a query may hold a phone.
            response = self._http.exchange(
                "POST", "/", params=query, repeatable=repeatable, headers=headers, content=body
            )
            answer = json_of(response, repeatable=repeatable)
            _check(action, str(answer.get("Code")), repeatable=repeatable)
            return answer

        return self._http.retrying(once)

    def _signed(self, action: str, query: Mapping[str, str], body: bytes) -> dict[str, str]:
        headers = {
            "host": self._host,
            "x-acs-action": action,
            "x-acs-version": "2017-05-25",
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


def _canonical_query(query: Mapping[str, str]) -> str:
    return "&".join(f"{quote(name, safe='~')}={quote(query[name], safe='~')}" for name in sorted(query))


def _check(action: str, code: str, *, repeatable: bool) -> None:
    said = f"aliyun_sms {action}: {code}."
    if code == "OK" or code in _ONE_NUMBER:
        return
    if code.startswith("Throttling"):
        raise Throttled(said)
    if code in _TOMORROW:
        midnight = datetime.combine(utc_now().astimezone(SHANGHAI).date() + timedelta(days=1), time(), SHANGHAI)
        raise Throttled(said, until=midnight, remedy="raise the limit in the console, or wait until tomorrow.")
    if code in _PERSON:
        raise NeedsPerson(said, remedy=_PERSON[code])
    if code in _IN_DOUBT:
        raise (Retryable if repeatable else DeliveryUnknown)(said)
    raise Rejected(said, remedy="look the code up in the error codes of Dysmsapi; nothing of the call was sent.")


def _all(batch: Sequence[Message], verdict: Verdict, *, provider_id: str = "", code: str = "") -> list[Receipt]:
    return [Receipt(key=one.key, verdict=verdict, provider_id=provider_id, code=code) for one in batch]


def _receipt(message: Message, row: Record, provider_id: str) -> Receipt:
    at = _moment(row["ReceiveDate"]) if row.get("ReceiveDate") else None
    verdict, code = _STATUS[int(row["SendStatus"])], str(row.get("ErrCode") or "")
    return Receipt(key=message.key, verdict=verdict, provider_id=provider_id, code=code, at=at)


def _number(message: Message) -> str:
    """Mainland numbers without a prefix, others with their country code and no plus."""
    return message.address.removeprefix("+86").removeprefix("+")


def _moment(text: str) -> datetime:  # Shanghai time, written without a zone
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


@contextmanager
def connect(where: Connection) -> Iterator[AliyunSms]:
    """Open the account behind the connection `quanyu_aliyun_sms`."""
    if not (where.login and where.password and where.extra.get("sign_name")):
        raise ConfigurationError(
            f"the connection quanyu_{where.name} lacks login, password or extra.sign_name.",
            remedy="set login to the access key id, password to its secret, sign_name to the approved signature.",
        )
    with Http(where.url, requests_per_second=50, redact=[where.password]) as http:
        yield AliyunSms(http, where)


CHANNEL = Channel(
    name="aliyun_sms",
    about=__doc__,
    connection="aliyun_sms",
    address_type="phone",
    # The platform answers for 30 days. The lag is ours: it says that a message "may be delayed", not how long.
    ability=Query(window=timedelta(days=29), lag=timedelta(minutes=5)),
    largest_batch=100,
    is_personal=True,
    connect=connect,
)
