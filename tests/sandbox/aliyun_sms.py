"""Aliyun short messages (Dysmsapi 2017-05-25): one path, the action in a header, business errors in HTTP 200.

POST /   SendSms            all parameters in the query; up to 1000 numbers, one BizId
POST /   SendBatchSms       arrays in the form body; up to 100 numbers, each with its own parameters; one BizId
POST /   QuerySendDetails   one number and day, 50 a page

Aliyun tells what people answer by calling the brand (SmsUp), which a client that only pulls cannot hear. So
GET /sandbox/sms_up stands for the small collector that a brand runs for it: the bodies of all SmsUp calls,
`?after=<sequence_id>` for the newer ones. POST /sandbox/sms_up {"phone_number", "content"} lets a person answer.

Fault kinds beyond the generic ones: `throttle` (Throttling.User) and every code of `BUSINESS`, by its name.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl

from aiohttp import web

from tests.sandbox.acs3 import Gateway, GatewayRefusal
from tests.sandbox.aliyun_errors import BUSINESS, PER_DAY, BusinessError, array, day_of, mobile, params_of
from tests.sandbox.fate import send_time
from tests.sandbox.faults import Faults
from tests.sandbox.platform import ENTRY, Clock, Platform
from tests.sandbox.sms import Messages
from tests.sandbox.world import World

ACCESS_KEY = "LTAI5tSandboxAccessKey"
SECRET = "sandbox-secret-aliyun-sms"
SIGN_NAME = "全域商城"
TEMPLATES = {
    "SMS_480010001": "您常用的商品可以补货了，本周内下单由就近门店配送。拒收请回复R",
    "SMS_480010002": "生日快乐！会员生日礼已备好，三十天内到任意门店出示会员码即可领取。拒收请回复R",
}
_TEMPLATE = re.compile(r"SMS_\d{6,15}")
_HEADERS = {"Content-Type": "application/json;charset=utf-8"}


class AliyunSms(Platform):
    """State and routes of one account with one approved signature.

    Every code of the form SMS_<digits> is an approved template, save those in `refused_templates`; `templates`
    holds the texts of those whose variables shall be checked.
    """

    name = "aliyun_sms"

    def __init__(self, world: World, faults: Faults, clock: Clock) -> None:
        super().__init__(world, faults, clock)
        self.messages = Messages(clock, self.deliveries)
        self.templates = dict(TEMPLATES)
        self.refused_templates: set[str] = set()
        self.gateway = Gateway({ACCESS_KEY: SECRET}, "2017-05-25")
        self._requests = 0
        self._sends = 0

    def connection(self, url: str) -> dict[str, Any]:
        """Log in with an access key; `sign_name` is the approved signature."""
        extra = {"sign_name": SIGN_NAME, "replies_url": f"{url}/sandbox/sms_up"}
        return {"conn_type": "http", "host": url, "login": ACCESS_KEY, "password": SECRET, "extra": extra}

    def routes(self) -> list[web.RouteDef]:
        """What `dysmsapi.aliyuncs.com` serves, and the brand's collector of replies."""
        return [
            web.post("/", self._call),
            web.get("/sandbox/sms_up", self._collected),
            web.post("/sandbox/sms_up", self._answer),
        ]

    async def endpoint(self, request: web.Request) -> str:
        """The action: there is but one path."""
        return request.headers.get("x-acs-action", request.path)

    def reply(self, phone: str, content: str) -> dict[str, Any]:
        """Let a person answer the last message; R, T, TD, N and 退订 refuse all later ones."""
        return self.messages.reply(mobile(phone), content)

    async def _call(self, request: web.Request) -> web.Response:
        self._requests += 1
        digest = hashlib.md5(f"request-{self._requests}".encode()).hexdigest().upper()
        answer = {"RequestId": "-".join((digest[:8], digest[8:12], digest[12:16], digest[16:20], digest[20:]))}
        status = 200
        try:
            answer |= self._act(request, await request.read())
        except GatewayRefusal as refusal:
            status = refusal.status
            answer |= {"HostId": request.host, "Code": refusal.code, "Message": refusal.message}
        except BusinessError as error:
            answer |= {"Code": error.code, "Message": error.message}
        request[ENTRY]["outcome"] = str(answer["Code"])
        return web.Response(status=status, text=json.dumps(answer, ensure_ascii=False), headers=_HEADERS)

    def _act(self, request: web.Request, body: bytes) -> dict[str, Any]:
        target = request.raw_path
        headers = {name.lower(): ",".join(request.headers.getall(name)) for name in request.headers}
        self.gateway.check(request.method, target, headers, body)
        action = headers["x-acs-action"]
        if self.faults.take("throttle", action):
            raise GatewayRefusal(400, "Throttling.User", "Request was denied due to user flow control.")
        for code in BUSINESS:
            if self.faults.take(code, action):
                raise BusinessError(code)
        query = dict(parse_qsl(target.partition("?")[2], keep_blank_values=True))
        match action:
            case "SendSms":
                return self._send(query)
            case "SendBatchSms":
                return self._send_batch(query, dict(parse_qsl(body.decode(), keep_blank_values=True)))
            case "QuerySendDetails":
                return self._details(query)
        raise GatewayRefusal(
            404, "InvalidAction.NotFound", "Specified api is not found, please check your url and method."
        )

    def _send(self, query: Mapping[str, str]) -> dict[str, Any]:
        _need(query, "PhoneNumbers", "SignName", "TemplateCode")
        phones = query["PhoneNumbers"].split(",")
        if len(phones) > 1000:
            raise BusinessError("isv.MOBILE_COUNT_OVER_LIMIT")
        params = params_of(query.get("TemplateParam") or "{}")
        return self._accept(query, [(phone, query["SignName"], params) for phone in phones])

    def _send_batch(self, query: Mapping[str, str], form: Mapping[str, str]) -> dict[str, Any]:
        _need(query, "TemplateCode")
        _need(form, "PhoneNumberJson", "SignNameJson")
        phones, signs = array(form["PhoneNumberJson"]), array(form["SignNameJson"])
        params = array(form.get("TemplateParamJson") or json.dumps([{}] * len(phones)))
        if not 1 <= len(phones) <= 100:
            raise BusinessError("isv.MOBILE_COUNT_OVER_LIMIT")
        if not len(phones) == len(signs) == len(params):
            raise BusinessError("isv.INVALID_PARAMETERS")
        rows = zip(phones, signs, params, strict=True)
        return self._accept(query, [(str(phone), str(sign), params_of(given)) for phone, sign, given in rows])

    def _accept(self, query: Mapping[str, str], rows: list[tuple[str, str, dict[str, str]]]) -> dict[str, Any]:
        """Take all of a call or nothing of it."""
        template = query["TemplateCode"]
        if not _TEMPLATE.fullmatch(template) or template in self.refused_templates:
            raise BusinessError("isv.SMS_TEMPLATE_ILLEGAL")
        prepared = [(mobile(phone), sign, self._content(template, sign, params)) for phone, sign, params in rows]
        for phone, sign, _ in prepared:
            if sign != SIGN_NAME:
                raise BusinessError("isv.SMS_SIGNATURE_ILLEGAL")
            if self.messages.count(phone, sign, template) >= PER_DAY:
                raise BusinessError("isv.BUSINESS_LIMIT_CONTROL")
        self._sends += 1
        biz_id = f"{900_619_746_900_000_000 + self._sends}^0"
        for phone, sign, content in prepared:
            self.messages.accept(
                phone, sign=sign, template=template, content=content, out_id=query.get("OutId", ""), biz_id=biz_id
            )
        return {"Code": "OK", "Message": "OK", "BizId": biz_id}

    def _content(self, template: str, sign: str, params: Mapping[str, str]) -> str:
        text = self.templates.get(template)
        if text is None:
            return f"【{sign}】{template} {json.dumps(params, ensure_ascii=False)} 拒收请回复R"
        if set(re.findall(r"\$\{(\w+)\}", text)) - params.keys():
            raise BusinessError("isv.TEMPLATE_MISSING_PARAMETERS")
        return f"【{sign}】" + re.sub(r"\$\{(\w+)\}", lambda found: params[str(found[1])], text)

    def _details(self, query: Mapping[str, str]) -> dict[str, Any]:
        _need(query, "PhoneNumber", "SendDate", "PageSize", "CurrentPage")
        day, size, number = day_of(query["SendDate"]), query["PageSize"], query["CurrentPage"]
        last = send_time(self.clock).date()
        if not (size.isdigit() and 1 <= int(size) <= 50 and number.isdigit() and int(number) >= 1):
            raise BusinessError("isv.INVALID_PARAMETERS")
        if not last - timedelta(days=30) <= day <= last:
            raise BusinessError("isv.INVALID_PARAMETERS")
        found = self.messages.details(mobile(query["PhoneNumber"]), day, query.get("BizId", ""))
        start = (int(number) - 1) * int(size)
        rows = {"SmsSendDetailDTO": found[start : start + int(size)]}
        return {"Code": "OK", "Message": "OK", "TotalCount": len(found), "SmsSendDetailDTOs": rows}

    async def _collected(self, request: web.Request) -> web.Response:
        after = int(request.query.get("after", "0"))
        return web.json_response([reply for reply in self.messages.replies if reply["sequence_id"] > after])

    async def _answer(self, request: web.Request) -> web.Response:
        given = await request.json()
        try:
            return web.json_response(self.reply(given["phone_number"], given["content"]))
        except ValueError as error:
            raise web.HTTPNotFound(text=str(error)) from None


def _need(given: Mapping[str, str], *names: str) -> None:
    for name in names:
        if not given.get(name):
            raise GatewayRefusal(400, f"Missing{name}", f"{name} is mandatory for this action.")
