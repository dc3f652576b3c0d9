"""Tencent Cloud short messages (SMS 2021-01-11): one path, the action in a header, every answer with HTTP 200.

POST /   SendSms                          one text to up to 200 numbers, an outcome for each
POST /   PullSmsSendStatus                reports of the carriers; a queue: each row is handed out once
POST /   PullSmsReplyStatus               what people answered; a queue as well
POST /   PullSmsSendStatusByPhoneNumber   reports of one number, up to 7 days back

Only what a carrier reported is told: of a message that is under way there is no row. POST /sandbox/reply
{"phone_number", "content"} lets a person answer.

Fault kinds beyond the generic ones: `throttle` (RequestLimitExceeded), `no_queue` (the queues were never opened; the
code is the sandbox's guess) and every code of `REFUSALS`, by its name: each number of the next SendSms is refused
with it.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from aiohttp import web

from tests.sandbox.fate import send_time
from tests.sandbox.faults import Faults
from tests.sandbox.platform import ENTRY, Clock, Platform
from tests.sandbox.sms import Messages, Sms
from tests.sandbox.tc3 import ApiError, Gate
from tests.sandbox.world import World

SECRET_ID = "AKIDsandbox0tencent0sms"
SECRET_KEY = "sandbox-secret-tencent-sms"
APP = "1400006666"
SIGN_NAME = "全域商城"

REFUSALS = (
    "FailedOperation.ContainSensitiveWord",
    "FailedOperation.InsufficientBalanceInSmsPackage",
    "FailedOperation.MarketingSendTimeConstraint",
    "FailedOperation.SignatureIncorrectOrUnapproved",
    "FailedOperation.TemplateIncorrectOrUnapproved",
    "InternalError.SendAndRecvFail",
    "LimitExceeded.AppDailyLimit",
    "LimitExceeded.DeliveryFrequencyLimit",
)

_MAINLAND = re.compile(r"(?:\+86|0086|86)?(1[3-9]\d{9})")
_ABROAD = re.compile(r"\+(?!86)[1-9]\d{6,14}")
_TEMPLATE = re.compile(r"\d{4,10}")
_LOOK_BACK = timedelta(days=7)

Row = dict[str, Any]


class TencentSms(Platform):
    """State and routes of one application with one approved signature.

    Every number of 4 to 10 digits is an approved template; `templates` holds the texts ({1}, {2}) of those whose
    parameters shall be checked. `blocked` numbers refused all messages; `per_day` caps a number's messages.
    """

    name = "tencent_sms"

    def __init__(self, world: World, faults: Faults, clock: Clock) -> None:
        super().__init__(world, faults, clock)
        self.messages = Messages(clock, self.deliveries)
        self.templates: dict[str, str] = {}
        self.blocked: set[str] = set()
        self.per_day = 10
        self.gate = Gate({SECRET_ID: SECRET_KEY}, "sms", "2021-01-11")
        self._handed_out: set[str] = set()
        self._replies: list[Row] = []
        self._requests = 0

    def connection(self, url: str) -> dict[str, Any]:
        """Log in with a SecretId."""
        extra = {"sdk_app_id": APP, "sign_name": SIGN_NAME}
        return {"conn_type": "http", "host": url, "login": SECRET_ID, "password": SECRET_KEY, "extra": extra}

    def routes(self) -> list[web.RouteDef]:
        """What `sms.tencentcloudapi.com` serves, and a way to answer a message."""
        return [web.post("/", self._call), web.post("/sandbox/reply", self._answer)]

    async def endpoint(self, request: web.Request) -> str:
        """The action: there is but one path."""
        return request.headers.get("x-tc-action", request.path)

    def reply(self, phone: str, content: str) -> None:
        """Let a person answer the last message; who refuses is blocked."""
        said = self.messages.reply(phone, content)
        if self.messages.is_refusing(phone):
            self.blocked.add(phone)
        at = datetime.fromisoformat(said["send_time"]).replace(tzinfo=self.clock.end.tzinfo)
        self._replies.append(
            {
                "ExtendCode": "",
                "CountryCode": "86",
                "PhoneNumber": f"+86{phone}",
                "SignName": said["sign_name"],
                "ReplyContent": content,
                "ReplyTime": int(at.timestamp()),
                "SubscriberNumber": phone,
            }
        )

    async def _call(self, request: web.Request) -> web.Response:
        self._requests += 1
        digest = hashlib.md5(f"tencent-{self._requests}".encode()).hexdigest()
        outcome = "OK"
        try:
            answer = self._act(request, await request.read())
        except ApiError as error:
            outcome = error.code
            answer = {"Error": {"Code": error.code, "Message": error.message}}
        request[ENTRY]["outcome"] = outcome
        request_id = "-".join((digest[:8], digest[8:12], digest[12:16], digest[16:20], digest[20:]))
        text = json.dumps({"Response": {**answer, "RequestId": request_id}}, ensure_ascii=False)
        # The official client reads an error only where the type is exactly this, without a charset.
        return web.Response(body=text.encode(), headers={"Content-Type": "application/json"})

    def _act(self, request: web.Request, body: bytes) -> Row:
        headers = {name.lower(): ",".join(request.headers.getall(name)) for name in request.headers}
        self.gate.check(headers, body)
        action = headers.get("x-tc-action", "")
        if self.faults.take("throttle", action):
            raise ApiError("RequestLimitExceeded", "The request rate is beyond the limit.")
        given = json.loads(body or b"{}")
        if given.get("SmsSdkAppId") != APP:
            raise ApiError("UnauthorizedOperation.SmsSdkAppIdVerifyFail", "SmsSdkAppId is not the account's.")
        match action:
            case "SendSms":
                return self._send(given)
            case "PullSmsSendStatus":
                return self._statuses(given)
            case "PullSmsSendStatusByPhoneNumber":
                return self._statuses_of(given)
            case "PullSmsReplyStatus":
                return self._reply_statuses(given)
        raise ApiError("InvalidAction", "The action does not exist.")

    def _send(self, given: Mapping[str, Any]) -> Row:
        numbers = [str(number) for number in given.get("PhoneNumberSet") or ()]
        if not numbers:
            raise ApiError("MissingParameter.EmptyPhoneNumberSet")
        if len(numbers) > 200:
            raise ApiError("LimitExceeded.PhoneNumberCountLimit")
        if len({_MAINLAND.fullmatch(number) is not None for number in numbers}) > 1 and all(
            _MAINLAND.fullmatch(number) or _ABROAD.fullmatch(number) for number in numbers
        ):
            raise ApiError("UnsupportedOperation.ContainDomesticAndInternationalPhoneNumber")
        if len(str(given.get("SessionContext") or "").encode()) >= 512:
            raise ApiError("InvalidParameterValue", "SessionContext is too long.")
        forced = next((code for code in REFUSALS if self.faults.take(code, "SendSms")), "")
        return {"SendStatusSet": [self._one(number, given, forced) for number in numbers]}

    def _one(self, number: str, given: Mapping[str, Any], forced: str) -> Row:
        found = _MAINLAND.fullmatch(number)
        template, sign = str(given.get("TemplateId")), given.get("SignName")
        params = given.get("TemplateParamSet") or []
        code = forced or self._refusal(number, template, sign, params)
        serial = ""
        if not code and found:
            serial = f"2028:{len(self.deliveries):020d}"
            self.messages.accept(
                found[1],
                sign=str(sign),
                template=template,
                content=f"【{sign}】" + self._text(template, params),
                out_id=str(given.get("SessionContext") or ""),
                biz_id=serial,
            )
        return {
            "SerialNo": serial,
            "PhoneNumber": f"+86{found[1]}" if found else number,
            "Fee": 0 if code else 1,
            "SessionContext": given.get("SessionContext") or "",
            "Code": code or "Ok",
            # The real messages name the number: a client that logs them leaks it.
            "Message": f"{number} refused" if code else "send success",
            "IsoCode": "CN" if found else "DEF",
        }

    def _refusal(self, number: str, template: str, sign: object, params: Sequence[object]) -> str:
        """Why one number gets nothing; empty when it does."""
        found = _MAINLAND.fullmatch(number)
        phone = found[1] if found else ""
        wanted = set(re.findall(r"\{(\d+)\}", self.templates.get(template, "")))
        reasons = {
            "FailedOperation.SignatureIncorrectOrUnapproved": sign != SIGN_NAME,
            "FailedOperation.TemplateIncorrectOrUnapproved": not _TEMPLATE.fullmatch(template),
            "FailedOperation.TemplateParamSetNotMatchApprovedTemplate": template in self.templates
            and len(wanted) != len(params),
            "UnsupportedOperation.UnsuportedRegion": _ABROAD.fullmatch(number) is not None,
            "InvalidParameterValue.IncorrectPhoneNumber": not phone,
            "FailedOperation.PhoneNumberInBlacklist": phone in self.blocked,
            "LimitExceeded.PhoneNumberDailyLimit": self.messages.count(phone, str(sign), template) >= self.per_day,
        }
        return next((code for code, holds in reasons.items() if holds), "")

    def _text(self, template: str, params: Sequence[object]) -> str:
        text = self.templates.get(template)
        if text is None:
            return f"{template} {json.dumps(params, ensure_ascii=False)} 拒收请回复R"
        return re.sub(r"\{(\d+)\}", lambda found: str(params[int(found[1]) - 1]), text)

    def _statuses(self, given: Mapping[str, Any]) -> Row:
        self._require_queue("PullSmsSendStatus")
        told = [
            sms
            for sms in self.messages.all()
            if not self.messages.is_waiting(sms) and sms.biz_id not in self._handed_out
        ]
        page = told[: _limit(given)]
        self._handed_out |= {sms.biz_id for sms in page}
        return {"PullSmsSendStatusSet": [_status(sms) for sms in page]}

    def _statuses_of(self, given: Mapping[str, Any]) -> Row:
        begin, end = given.get("BeginTime"), given.get("EndTime")
        if not isinstance(begin, int) or begin < (send_time(self.clock) - _LOOK_BACK).timestamp():
            raise ApiError("InvalidParameterValue.BeginTimeVerifyFail")
        if not isinstance(end, int) or end < begin:
            raise ApiError("InvalidParameterValue.EndTimeVerifyFail")
        found = _MAINLAND.fullmatch(str(given.get("PhoneNumber")))
        if found is None:
            raise ApiError("InvalidParameterValue.IncorrectPhoneNumber", f"{given.get('PhoneNumber')} is no number")
        rows = [
            _status(sms)
            for sms in reversed(self.messages.all())
            if sms.phone == found[1] and not self.messages.is_waiting(sms) and begin <= sms.at.timestamp() <= end
        ]
        return {"PullSmsSendStatusSet": rows[: _limit(given)]}

    def _reply_statuses(self, given: Mapping[str, Any]) -> Row:
        self._require_queue("PullSmsReplyStatus")
        page = self._replies[: _limit(given)]
        self._replies = self._replies[len(page) :]
        return {"PullSmsReplyStatusSet": page}

    def _require_queue(self, action: str) -> None:
        if self.faults.take("no_queue", action):
            raise ApiError("UnauthorizedOperation.RequestPermissionDeny")

    async def _answer(self, request: web.Request) -> web.Response:
        given = await request.json()
        try:
            self.reply(given["phone_number"], given["content"])
        except ValueError as error:
            raise web.HTTPNotFound(text=str(error)) from None
        return web.json_response({})


def _limit(given: Mapping[str, Any]) -> int:
    limit = given.get("Limit")
    if not isinstance(limit, int) or not 1 <= limit <= 100:
        raise ApiError("InvalidParameterValue.LimitVerifyFail")
    return limit


def _status(sms: Sms) -> Row:
    is_delivered = sms.fate != "failed"
    return {
        "UserReceiveTime": int((sms.at + timedelta(seconds=6)).timestamp()),
        "CountryCode": "86",
        "SubscriberNumber": sms.phone,
        "PhoneNumber": f"+86{sms.phone}",
        "SerialNo": sms.biz_id,
        "ReportStatus": "SUCCESS" if is_delivered else "FAIL",
        "Description": "DELIVRD" if is_delivered else sms.code,
        "SessionContext": sms.out_id,
    }
