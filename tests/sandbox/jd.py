"""The shop at JD behind JOS: orders by their change, refunds by their approval, a scan of the members; and its tokens.

From the contract: the signature recomputed from the received bytes, six minutes of clock skew, `_responce`, codes as
texts, a window of at most a month and only the asked fields of orders, ten days and 50 rows of refunds, dates of the
year 1 for what never happened, a raw control character in a title, HTTP 200 whatever happens (and HTML, a generic
fault). A refresh turns both tokens over and kills the old pair.

The sandbox's own: code 20 for an unknown method, the codes of refused parameters, and a scan that goes on from a
position, so that a repeated call brings the same page. Faults beyond the generic ones: `throttle`, `token_expired`,
`busy` (10100046 inside a good envelope), `unknown_column`, `changed_type`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any, ClassVar

from aiohttp import web

from tests.sandbox import jd_rows
from tests.sandbox.faults import Faults
from tests.sandbox.jos import Asked, JosError, asked_page, asked_time, received, timestamp
from tests.sandbox.md5_sign import md5_sign
from tests.sandbox.platform import ENTRY, Clock, Platform
from tests.sandbox.rotation import Rotation
from tests.sandbox.top import RAW_CONTROL
from tests.sandbox.world import World
from tests.sandbox.world.systems import jd as chapter

Row = dict[str, Any]

_SECRET = "sandbox-jd-secret"
_SKEW = timedelta(minutes=6)
_ORDERS = "jingdong.pop.order.search"
_REFUNDS = "jingdong.asc.serviceAndRefund.view"
_MEMBERS = "jingdong.crm.member.scan"


class Jd(Platform):
    """One shop, one app, one living pair of tokens."""

    name: ClassVar[str] = "jd"

    def __init__(self, world: World, faults: Faults, clock: Clock) -> None:
        super().__init__(world, faults, clock)
        self.tokens = Rotation(clock, "jd", life=timedelta(days=365))
        self._methods: dict[str, Callable[[Asked], Row]] = {
            _ORDERS: self._orders,
            _REFUNDS: self._refunds,
            _MEMBERS: self._members,
        }

    def routes(self) -> list[web.RouteDef]:
        """The gateway, and the token call that lives on another host in reality."""
        return [
            web.post("/routerjson", self._serve),
            web.get("/routerjson", self._serve),
            web.get("/oauth2/refresh_token", self._refresh),
        ]

    def connection(self, url: str) -> Row:
        """App key and secret, and the living tokens."""
        extra = {
            "access_token": self.tokens.access,
            "refresh_token": self.tokens.refresh,
            "account": chapter.APP,
            "oauth_url": url,
        }
        return {"conn_type": "http", "host": url, "login": chapter.APP, "password": _SECRET, "extra": extra}

    async def endpoint(self, request: web.Request) -> str:
        """The method, or the path of the token call."""
        return (await received(request)).get("method", request.path)

    async def _serve(self, request: web.Request) -> web.Response:
        params = await received(request)
        try:
            method = params.get("method", "")
            document: Row = {method.replace(".", "_") + "_responce": {"code": "0", **self._answer(method, params)}}
            request[ENTRY]["outcome"] = "ok"
        except JosError as error:
            document = {"error_response": error.answer}
            request[ENTRY]["outcome"] = error.answer["code"]
        text = json.dumps(document, ensure_ascii=False).replace(RAW_CONTROL, "\x0b")
        return web.Response(body=text.encode(), headers={"Content-Type": "text/html;charset=UTF-8"})

    def _answer(self, method: str, params: Mapping[str, str]) -> Row:
        if self.faults.take("throttle", method):
            raise JosError(2, "App Call Limited")
        self._authenticate(method, params)
        if method not in self._methods:
            raise JosError(20, f"no such method: {method}")
        try:
            asked = json.loads(params.get("360buy_param_json") or "{}")
        except ValueError:
            raise JosError(61, "360buy_param_json is no JSON") from None
        return self._methods[method](asked)

    def _authenticate(self, method: str, params: Mapping[str, str]) -> None:
        if params.get("app_key") != chapter.APP:
            raise JosError(14, "Invalid App Key")
        if not params.get("sign"):
            raise JosError(11, "Missing Signature")
        if params["sign"] != md5_sign(params, _SECRET):
            raise JosError(12, "Invalid Signature")
        if not params.get("timestamp"):
            raise JosError(7, "Missing Timestamp")
        if abs(timestamp(params["timestamp"]) - self.clock.now()) > _SKEW:
            raise JosError(8, "Invalid Timestamp")
        if self.faults.take("token_expired", method):
            self.tokens.kill()
        if not params.get("access_token"):
            raise JosError(18, "Missing Access Token")
        if not self.tokens.lives(params["access_token"]):
            raise JosError(19, "Invalid Access Token")

    def _orders(self, asked: Asked) -> Row:
        """Orders by the time of their change (dateType 0) or of their making (1), both ends included."""
        start, end = asked_time(asked, "start_date"), asked_time(asked, "end_date")
        if not timedelta() < end - start <= timedelta(days=31):
            raise JosError(61, "start_date and end_date must span at most a month")
        fields, states = (str(asked.get(name) or "") for name in ("optional_fields", "order_state"))
        if not fields or not states:
            raise JosError(60, "optional_fields and order_state are required")
        if self.faults.take("busy", _ORDERS):
            return {"searchorderinfo_result": {"apiResult": jd_rows.result(10100046, "系统繁忙")}}
        at, by_creation = self.clock.end, str(asked.get("dateType", "0")) == "1"
        found = [
            (order.created_at if by_creation else order.modified(at), order)
            for order in chapter.orders(self.world)
            if chapter.is_shown(order, at) and jd_rows.state(order, at) in states.split(",")
        ]
        found = [pair for pair in found if start <= pair[0] <= end]
        found.sort(key=lambda pair: (pair[0], pair[1].number), reverse=str(asked.get("sortType")) == "1")
        page = [order for _, order in asked_page(found, asked, "page", "page_size", 100)]
        rows = [jd_rows.order(self.world, order, at) for order in page]
        kept = {"orderId", *fields.split(",")}
        rows = [{name: value for name, value in row.items() if name in kept} for row in rows]
        return {
            "searchorderinfo_result": {
                "apiResult": jd_rows.result(0, ""),
                "orderTotal": len(found),
                "orderInfoList": self._drifted(rows, _ORDERS, "orderPayment"),
            }
        }

    def _refunds(self, asked: Asked) -> Row:
        """Refunds by the approval of their after-sale, both ends included."""
        start, end = asked_time(asked, "approveTimeBegin"), asked_time(asked, "approveTimeEnd")
        if not timedelta() < end - start <= timedelta(days=10):
            return {"pageResult": {"success": False, "code": "20001", "msg": "审核时间跨度不能超过10天"}}
        at = self.clock.end
        found = [of for of in chapter.refunds(self.world) if of.of.decided_at < at and start <= of.of.decided_at <= end]
        found.sort(key=lambda refund: refund.of.decided_at)
        rows = [jd_rows.refund(self.world, of, at) for of in asked_page(found, asked, "pageNumber", "pageSize", 50)]
        return {
            "pageResult": {
                "success": True,
                "code": "0",
                "msg": "",
                "pageNumber": str(asked.get("pageNumber")),
                "pageSize": str(asked.get("pageSize")),
                "totalCount": str(len(found)),
                "data": self._drifted(rows, _REFUNDS, "status"),
            }
        }

    def _members(self, asked: Asked) -> Row:
        """Members page by page: `page_size` with the first call, `scroll_id` and nothing else with every other."""
        scroll = re.fullmatch(r"scan-(\d+)-(\d+)", str(asked.get("scroll_id") or f"scan-0-{asked.get('page_size', 0)}"))
        if scroll is None or not 1 <= int(scroll[2]) <= 100:
            raise JosError(61, "scroll_id or page_size")
        first, size = int(scroll[1]), int(scroll[2])
        shown = [jd_rows.member(self.world, of, self.clock.end) for of in chapter.members(self.world)]
        rows = [row for row in shown if row["trade_count"]]
        return {
            "crm_member_scan_result": {
                "total_result": len(rows),
                "crm_members": self._drifted(rows[first : first + size], _MEMBERS, "grade"),
                "scroll_id": f"scan-{first + size}-{size}",
            }
        }

    def _drifted(self, rows: list[Row], method: str, changed: str) -> list[Row]:
        """Schema drift: a field nobody knows, a text that became a list."""
        is_wider, is_other = self.faults.take("unknown_column", method), self.faults.take("changed_type", method)
        for row in rows:
            row.update({"x_new_field": "1"} if is_wider else {}, **({changed: [row[changed]]} if is_other else {}))
        return rows

    async def _refresh(self, request: web.Request) -> web.Response:
        asked = request.query
        if (asked.get("app_key"), asked.get("app_secret")) != (chapter.APP, _SECRET):
            return self._said(request, {"code": 402, "msg": "invalid app_key or app_secret", "requestId": "r"})
        if asked.get("grant_type") != "refresh_token" or asked.get("refresh_token") != self.tokens.refresh:
            return self._said(request, {"code": 404, "msg": "refresh_token 无效或已过期", "requestId": "r"})
        self.tokens.mint()
        grant = {
            "access_token": self.tokens.access,
            "expires_in": int(self.tokens.life.total_seconds()),
            "refresh_token": self.tokens.refresh,
            "scope": "snsapi_base",
            "open_id": "o0seller",
            "uid": "7000001",
            "time": int(self.clock.now().timestamp() * 1000),
            "token_type": "bearer",
            "code": 0,
            "xid": "o*AAseller",
        }
        return self._said(request, grant)

    def _said(self, request: web.Request, answer: Row) -> web.Response:
        request[ENTRY]["outcome"] = str(answer["code"])
        return web.json_response(answer)
