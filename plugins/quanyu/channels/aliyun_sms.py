"""Aliyun text messages (阿里云短信, `SendBatchSms`): up to 100 numbers with own parameters in one call.

What it promises: every number can be asked about for 30 days, and an answer names our batch (`OutId`), so a lost
answer is found out. What it does not: the call is not idempotent, and one bad number refuses the whole of it; the
batch is then halved until the number stands alone. Replies come by push: `replies_url` in the connection's extra
is the brand's own collector, which keeps what Aliyun pushed (`SmsUp`).

    {TemplateCode, PhoneNumberJson, TemplateParamJson, OutId = batch key} -> BizId -> QuerySendDetails

Connection `quanyu_aliyun_sms`: login = access key id, password = secret, extra {"sign_name", "replies_url"?}.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta

from quanyu.aliyun import Refused, Rpc, halving, number
from quanyu.contracts import SHANGHAI, Channel, Connection, Message, Query, Receipt, Record, Verdict
from quanyu.errors import ConfigurationError, Retryable
from quanyu.heard import Heard, collected
from quanyu.transport import Http

_PAGE = 50
# The whole call is refused for one number's sake.
_ONE_NUMBER = {"isv.MOBILE_NUMBER_ILLEGAL", "isv.BUSINESS_LIMIT_CONTROL"}
_STATUS = {1: Verdict.ACCEPTED, 2: Verdict.FAILED, 3: Verdict.DELIVERED}

# Stands for the BizId that a lost answer would have brought.
_BY_OUT_ID = "OutId="


class AliyunSms:
    """The account as a channel client; addresses are phones in E.164."""

    def __init__(self, rpc: Rpc, where: Connection) -> None:
        self._rpc = rpc
        self._where = where

    def send(self, batch_key: str, batch: Sequence[Message]) -> list[Receipt]:
        """Send to all numbers at once; a number that is refused is found and left out."""
        return halving(batch, lambda part: self._send(batch_key, part))

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
        if not (url := str(self._where.extra.get("replies_url") or "")):
            return
        try:
            rows = sorted(collected(url, after=after or "0"), key=lambda row: int(row["sequence_id"]))
        except (ValueError, TypeError, KeyError):
            raise Retryable("aliyun_sms: replies_url answers with no list of SmsUp bodies.") from None
        for row in rows:
            at, cursor = _moment(row["send_time"]), str(row["sequence_id"])
            yield Heard(address=str(row["phone_number"]), said=str(row["content"]), at=at, cursor=cursor)

    def _send(self, batch_key: str, batch: Sequence[Message]) -> str:
        form = {
            "PhoneNumberJson": json.dumps([number(message) for message in batch]),
            "SignNameJson": json.dumps([self._where.extra["sign_name"]] * len(batch), ensure_ascii=False),
            "TemplateParamJson": json.dumps([dict(message.params) for message in batch], ensure_ascii=False),
        }
        query = {"TemplateCode": batch[0].code, "OutId": batch_key}
        return str(self._rpc.call("SendBatchSms", query, form, repeatable=False, refusals=_ONE_NUMBER)["BizId"])

    def _filed(self, message: Message, provider_id: str) -> Receipt | None:
        """What the platform has of one number, our call and its day; None when it has nothing."""
        if message.sent_on is None:
            return Receipt(key=message.key, verdict=Verdict.UNKNOWN)
        query = {"PhoneNumber": number(message), "SendDate": f"{message.sent_on:%Y%m%d}", "PageSize": str(_PAGE)}
        is_ours = provider_id.startswith(_BY_OUT_ID)
        query |= {} if is_ours else {"BizId": provider_id}
        page, total = 0, 1
        while page * _PAGE < total:
            page += 1
            try:
                answer = self._rpc.call("QuerySendDetails", {**query, "CurrentPage": str(page)}, refusals=_ONE_NUMBER)
            except Refused:
                return None
            total = int(answer.get("TotalCount") or 0)
            for row in (answer.get("SmsSendDetailDTOs") or {}).get("SmsSendDetailDTO") or []:
                if not is_ours or _BY_OUT_ID + str(row.get("OutId")) == provider_id:
                    return _receipt(message, row, provider_id)
        return None


def _receipt(message: Message, row: Record, provider_id: str) -> Receipt:
    at = _moment(row["ReceiveDate"]) if row.get("ReceiveDate") else None
    verdict, code = _STATUS[int(row["SendStatus"])], str(row.get("ErrCode") or "")
    return Receipt(key=message.key, verdict=verdict, provider_id=provider_id, code=code, at=at)


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
        yield AliyunSms(Rpc(http, where, name="aliyun_sms", version="2017-05-25"), where)


CHANNEL = Channel(
    name="aliyun_sms",
    about=__doc__,
    connection="aliyun_sms",
    address_type="phone",
    # The platform answers for 30 days. The lag is ours: it says that a message "may be delayed", not how long.
    ability=Query(window=timedelta(days=29), lag=timedelta(minutes=5)),
    largest_batch=100,
    is_personal=True,
    is_coded=True,
    connect=connect,
)
