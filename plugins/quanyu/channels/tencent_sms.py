"""Tencent Cloud text messages (腾讯云短信, `SendSms`, 2021-01-11): one text to up to 200 numbers, an outcome for each.

What it promises: a number can be asked about for 7 days, and what it tells names our batch (`SessionContext`). What it
does not: only messages that the carrier reported are told, so silence proves nothing. A message whose answer was lost
is found once its report is in; one that is never reported stays in doubt and is parked for a person after a week.

    {TemplateId, TemplateParamSet, PhoneNumberSet, SessionContext = batch key} -> SerialNo -> PullSmsSendStatus

Parameters are a list, the same for all numbers of a call: the variables of the approved text in their order. Messages
that differ in them go out one per call.

The two pull queues hand each row out once, whoever reads it. An answer that is lost on its way takes up to 100 rows
with it: receipts are then asked for by number; replies are gone, but the platform itself blocks whoever answered R.
A queue is opened on request to the platform; without it receipts are asked for by number alone, 20 a second.

Guess: `UnauthorizedOperation.RequestPermissionDeny` is what a queue says that was never opened.

Connection `quanyu_tencent_sms`: login = SecretId, password = SecretKey, extra {"sdk_app_id", "sign_name", "region"?}.
Source: cloud.tencent.com/document/api/382 (55981 SendSms, 59177 codes), tencentcloud-sdk-python-sms 3.1.153.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from quanyu.contracts import Channel, Connection, Message, Query, Receipt, Record, Verdict, Window
from quanyu.errors import ConfigurationError, DeliveryUnknown, NeedsPerson, QuanyuError, Throttled
from quanyu.heard import Heard, kept
from quanyu.settings import utc_now
from quanyu.tencent_cloud import Api, Refused, error_of
from quanyu.transport import Http, next_midnight

_PAGE = 100

_OK = "Ok"
_NEVER = {
    "FailedOperation.PhoneNumberInBlacklist",
    "FailedOperation.PhoneNumberOnBlacklist",
    "FailedOperation.PhoneNumberParseFail",
    "InvalidParameterValue.IncorrectPhoneNumber",
    "LimitExceeded.PhoneNumberDailyLimit",
    "LimitExceeded.PhoneNumberOneHourLimit",
    "LimitExceeded.PhoneNumberSameContentDailyLimit",
    "LimitExceeded.PhoneNumberThirtySecondLimit",
    "UnsupportedOperation.UnsuportedRegion",
}
_HOURS, _OPENS = "FailedOperation.MarketingSendTimeConstraint", timedelta(hours=8)
_LATER = {
    "LimitExceeded.DeliveryFrequencyLimit",
    "LimitExceeded.GlobalSmsSendingRateLimit",
    "InternalError.OtherError",
    "InternalError.UnknownError",
}
_TOMORROW = {
    "LimitExceeded.AppDailyLimit",
    "LimitExceeded.AppGlobalDailyLimit",
    "LimitExceeded.AppMainlandChinaDailyLimit",
    "LimitExceeded.DailyLimit",
}
_PERSON = {
    "FailedOperation.InsufficientBalanceInSmsPackage": "buy messages for the account.",
    "FailedOperation.SignatureIncorrectOrUnapproved": "set sign_name in the connection's extra to an approved one.",
    "InvalidParameterValue.SdkAppIdNotExist": "set sdk_app_id in the connection's extra to the application's.",
}
_NO_QUEUE = "RequestPermissionDeny"
_TOO_OLD = "InvalidParameterValue.BeginTimeVerifyFail"


class TencentSms:
    """The application as a channel client; addresses are phones in E.164."""

    def __init__(self, api: Api, where: Connection) -> None:
        self._api = api
        self._app = str(where.extra["sdk_app_id"])
        self._sign = str(where.extra["sign_name"])

    def send(self, batch_key: str, batch: Sequence[Message]) -> list[Receipt]:
        """Send to all numbers at once; mainland numbers and others may not share a call."""
        receipts: list[Receipt] = []
        mainland = [message for message in batch if message.address.startswith("+86")]
        abroad = [message for message in batch if not message.address.startswith("+86")]
        for part in filter(None, (mainland, abroad)):
            try:
                receipts += self._send(batch_key, part)
            except DeliveryUnknown:
                if not receipts:
                    raise
                receipts += [Receipt(key=message.key, verdict=Verdict.UNKNOWN) for message in part]
            except QuanyuError as error:
                error.receipts = [*receipts, *error.receipts]
                raise
        return receipts

    def ask(self, batch_key: str, batch: Sequence[Message]) -> list[Receipt]:
        """Ask for each number; a message that no report names may be on its way, or may never have been taken."""
        return [
            self._reported(message, "SessionContext", batch_key) or Receipt(key=message.key, verdict=Verdict.UNKNOWN)
            for message in batch
        ]

    def receipts(self, sent: Sequence[Message]) -> Iterator[Receipt]:
        """Empty the queue of reports, then ask for the numbers that it said nothing of."""
        yield from kept(self._receipts(sent))

    def replies(self, after: str) -> Iterator[Heard]:
        """Empty the queue of replies; it has no places to go on from, so `after` names nothing."""
        del after
        yield from kept(_reply(row) for row in self._queue("PullSmsReplyStatus", "PullSmsReplyStatusSet"))

    def _send(self, batch_key: str, part: Sequence[Message]) -> list[Receipt]:
        asked = {
            "PhoneNumberSet": [message.address for message in part],
            "SmsSdkAppId": self._app,
            "SignName": self._sign,
            "TemplateId": part[0].code,
            "TemplateParamSet": part[0].values,
            "SessionContext": batch_key,
        }
        try:
            answer = self._api.call("SendSms", asked, repeatable=False)
        except Refused as error:
            raise _error(error.code) from None
        rows = {str(row["PhoneNumber"]): row for row in answer.get("SendStatusSet") or ()}
        is_taken = any(row["Code"] == _OK for row in rows.values())
        said = [(message, _outcome(message, rows.get(message.address), is_taken=is_taken)) for message in part]
        receipts = [receipt for _, receipt in said if receipt is not None]
        for message, receipt in said:
            if receipt is None:
                stopped = _error(str(rows[message.address]["Code"]))
                stopped.receipts = receipts
                raise stopped
        return receipts

    def _receipts(self, sent: Sequence[Message]) -> Iterator[Receipt]:
        waiting = {message.provider_id: message for message in sent if message.provider_id}
        for row in self._queue("PullSmsSendStatus", "PullSmsSendStatusSet"):
            if message := waiting.pop(str(row["SerialNo"]), None):
                yield _receipt(message, row)
        for serial, message in waiting.items():
            if receipt := self._reported(message, "SerialNo", serial):
                yield receipt

    def _queue(self, action: str, rows: str) -> Iterator[Record]:
        """Every row of a queue; none where the platform did not open it."""
        page: list[Record] = [{}]
        while page:
            try:
                answer = self._api.call(action, {"SmsSdkAppId": self._app, "Limit": _PAGE})
            except NeedsPerson as error:
                if _NO_QUEUE in error.message:
                    return
                raise
            page = answer.get(rows) or []
            yield from page

    def _reported(self, message: Message, field: str, value: str) -> Receipt | None:
        """The report of a number whose `field` is ours; None when there is none, or none can be asked for."""
        if message.sent_on is None:
            return None
        week = Window.of_days(message.sent_on, message.sent_on + timedelta(days=6))
        asked = {
            "SmsSdkAppId": self._app,
            "PhoneNumber": message.address,
            "BeginTime": int(week.start.timestamp()),
            "EndTime": int(week.end.timestamp()),
            "Offset": 0,
            "Limit": _PAGE,
        }
        try:
            answer = self._api.call("PullSmsSendStatusByPhoneNumber", asked)
        except Refused as error:
            if error.code not in _NEVER | {_TOO_OLD}:
                raise
            return None
        rows = (row for row in answer.get("PullSmsSendStatusSet") or () if str(row.get(field)) == value)
        return next((_receipt(message, row) for row in rows), None)


def _outcome(message: Message, row: Mapping[str, object] | None, *, is_taken: bool) -> Receipt | None:
    """What one number's row says; None when its code speaks for the whole call.

    A code that nobody knows is the number's own when others of the call were taken, else the call's.
    """
    code = str(row["Code"]) if row else ""
    if row is None or isinstance(error_of("", code, repeatable=False), DeliveryUnknown):
        return Receipt(key=message.key, verdict=Verdict.UNKNOWN, code=code)
    if code == _OK:
        return Receipt(key=message.key, verdict=Verdict.ACCEPTED, provider_id=str(row["SerialNo"]))
    if code == _HOURS or code in _LATER:
        return Receipt(key=message.key, verdict=Verdict.LATER, code=code)
    if code in _NEVER or (is_taken and isinstance(_error(code), Refused)):
        return Receipt(key=message.key, verdict=Verdict.REFUSED, code=code)
    return None


def _error(code: str) -> QuanyuError:
    """What a code means where it speaks for a whole SendSms."""
    said = f"tencent_sms SendSms: {code}."
    if code in _TOMORROW:
        until = next_midnight(utc_now())
        return Throttled(said, until=until, remedy="raise the limit in the console, or wait until tomorrow.")
    if code == _HOURS:
        until = next_midnight(utc_now() - _OPENS) + _OPENS
        return Throttled(said, until=until, remedy="marketing goes out between 8:00 and 22:00 only.")
    if code in _LATER:
        return Throttled(said)
    if remedy := _PERSON.get(code):
        return NeedsPerson(said, remedy=remedy)
    return error_of("tencent_sms SendSms", code, repeatable=False)


def _receipt(message: Message, row: Record) -> Receipt:
    at = datetime.fromtimestamp(int(row["UserReceiveTime"]), UTC) if row.get("UserReceiveTime") else None
    verdict = Verdict.DELIVERED if row["ReportStatus"] == "SUCCESS" else Verdict.FAILED
    code = str(row.get("Description") or "")
    return Receipt(key=message.key, verdict=verdict, provider_id=str(row["SerialNo"]), code=code, at=at)


def _reply(row: Record) -> Heard:
    at = datetime.fromtimestamp(int(row["ReplyTime"]), UTC)
    return Heard(address=str(row["PhoneNumber"]), said=str(row["ReplyContent"]), at=at, cursor=at.isoformat())


@contextmanager
def connect(where: Connection) -> Iterator[TencentSms]:
    """Open the application behind the connection `quanyu_tencent_sms`."""
    if not (where.login and where.password and where.extra.get("sdk_app_id") and where.extra.get("sign_name")):
        raise ConfigurationError(
            f"the connection quanyu_{where.name} lacks login, password, extra.sdk_app_id or extra.sign_name.",
            remedy="set login to the SecretId, password to the SecretKey, sdk_app_id to the application's id"
            " and sign_name to the approved signature.",
        )
    with Http.of(where) as http:
        yield TencentSms(Api(http, where, service="sms", version="2021-01-11"), where)


CHANNEL = Channel(
    name="tencent_sms",
    about=__doc__,
    connection="tencent_sms",
    address_type="phone",
    # The platform looks back 7 days. The lag is ours: most carriers report within minutes.
    ability=Query(window=timedelta(days=6), lag=timedelta(minutes=5)),
    largest_batch=200,
    is_coded=True,
    connect=connect,
)
