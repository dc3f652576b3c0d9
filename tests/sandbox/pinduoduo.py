"""The shop at Pinduoduo: orders and refunds by the time of their change, newest first, and the tokens that turn over.

From the contract: the signature recomputed from the received bytes, a window of at most 30 minutes that ended three
minutes ago, pages of at most 100, `use_has_next` instead of a total, yuan as JSON numbers in orders and texts in
refunds, receivers in ciphertext while an order waits to be sent and empty afterwards, no buyer id, HTTP 200 whatever
happens. `refund_quota` calls of the list of refunds in ten seconds (None: nobody counts).

The sandbox's own: the sub codes, and 10001 for any refused parameter. Faults beyond the generic ones: `throttle`,
`token_expired`, `service_error` (50001 with `isv.*-service-error`), `unknown_column`, `changed_type`, and `shift`:
before the answer, the newest order of the asked window changes; it leaves the window and all behind it move up.
"""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar
from urllib.parse import parse_qsl

from aiohttp import web

from tests.sandbox import pinduoduo_rows
from tests.sandbox.faults import Faults
from tests.sandbox.md5_sign import md5_sign
from tests.sandbox.platform import ENTRY, Clock, Platform
from tests.sandbox.rotation import Rotation
from tests.sandbox.world import World
from tests.sandbox.world.marketplace import Order
from tests.sandbox.world.systems import pinduoduo as chapter

Row = dict[str, Any]
Params = Mapping[str, str]

_CLIENT_ID = "quanyu0000000000000000000pdd0001"
_SECRET = "sandbox-pinduoduo-secret"
_SKEW = timedelta(minutes=10)
_ORDERS = "pdd.order.number.list.increment.get"
_REFUNDS = "pdd.refund.list.increment.get"
_REFRESH = "pdd.pop.auth.token.refresh"


class PddError(Exception):
    """An `error_response`."""

    def __init__(self, code: int, words: str, sub_code: str = "") -> None:
        super().__init__(words)
        self.code = code
        self.words = words
        self.sub_code = sub_code or str(code)


class Pinduoduo(Platform):
    """One shop, one app, one living pair of tokens."""

    name: ClassVar[str] = "pinduoduo"

    def __init__(self, world: World, faults: Faults, clock: Clock) -> None:
        super().__init__(world, faults, clock)
        self.tokens = Rotation(clock, "pdd")
        self.refund_quota: int | None = None
        self._refund_calls: deque[datetime] = deque()
        self._requests = itertools.count(1)
        self._types: dict[str, tuple[str, Callable[[Params], Row]]] = {
            _ORDERS: ("order_sn_increment_get_response", self._orders),
            _REFUNDS: ("refund_increment_get_response", self._refunds),
            _REFRESH: ("pop_auth_token_refresh_response", self._refresh),
        }

    def routes(self) -> list[web.RouteDef]:
        """The one address of the gateway."""
        return [web.post("/api/router", self._serve)]

    def connection(self, url: str) -> Row:
        """Client id and secret, and the living tokens."""
        extra = {"access_token": self.tokens.access, "refresh_token": self.tokens.refresh, "account": "mall-88001"}
        return {"conn_type": "http", "host": url, "login": _CLIENT_ID, "password": _SECRET, "extra": extra}

    async def endpoint(self, request: web.Request) -> str:
        """The `type`."""
        return (await _received(request)).get("type", request.path)

    async def _serve(self, request: web.Request) -> web.Response:
        params = await _received(request)
        request_id = f"sandbox-{next(self._requests):08d}"
        try:
            name, answer = self._admitted(params)
            document: Row = {name: {**answer(params), "request_id": request_id}}
            request[ENTRY]["outcome"] = "ok"
        except PddError as error:
            request[ENTRY]["outcome"] = str(error.code)
            refusal = {"error_code": error.code, "error_msg": error.words, "sub_code": error.sub_code}
            document = {"error_response": {**refusal, "sub_msg": error.words, "request_id": request_id}}
        return web.json_response(document)

    def _admitted(self, params: Params) -> tuple[str, Callable[[Params], Row]]:
        """What answers this call. Raises PddError."""
        kind = params.get("type", "")
        if kind not in self._types:
            raise PddError(10001, f"type {kind} 不存在")
        if params.get("client_id") != _CLIENT_ID:
            raise PddError(10002, "client_id错误")
        if params.get("sign") != md5_sign(params, _SECRET):
            raise PddError(20004, "签名sign校验失败")
        if abs(_moment(params, "timestamp") - self.clock.now()) > _SKEW:
            raise PddError(10001, "timestamp无效")
        if self.faults.take("throttle", kind):
            raise PddError(70031, "调用过于频繁，请调整调用频率")
        if self.faults.take("service_error", kind):
            raise PddError(50001, "业务服务错误", "isv.order-service-error")
        if kind != _REFRESH:
            if self.faults.take("token_expired", kind):
                self.tokens.kill()
            if not self.tokens.lives(params.get("access_token")):
                raise PddError(10019, "access_token已过期")
        return self._types[kind]

    def _orders(self, params: Params) -> Row:
        """Orders by the time of their change, both ends included, newest first."""
        wanted = (params.get("order_status"), params.get("refund_status"), params.get("is_lucky_flag"))
        if None in wanted:
            raise PddError(10001, "order_status, refund_status, is_lucky_flag不能为空")
        start, end = self._window(params)
        if self.faults.take("shift", _ORDERS) and (there := self._changed(start, end)):
            there[0].touched = end + timedelta(seconds=1)
        at = self.clock.end
        shown = [pinduoduo_rows.order(self.world, order, at) for order in self._changed(start, end)]
        rows = [
            row
            for row in shown
            if wanted[0] in {"5", str(row["order_status"])}
            and wanted[1] in {"5", str(row["refund_status"])}
            and wanted[2] in {"0", "1"}
        ]
        page, counts = _page(params, rows)
        return {"order_sn_list": self._drifted(page, _ORDERS, "order_status"), **counts}

    def _changed(self, start: datetime, end: datetime) -> list[Order]:
        at = self.clock.end
        found = [(order.modified(at), order) for order in chapter.orders(self.world) if chapter.is_shown(order, at)]
        found = [pair for pair in found if start <= pair[0] <= end]
        found.sort(key=lambda pair: (pair[0], pair[1].number), reverse=True)
        return [order for _, order in found]

    def _refunds(self, params: Params) -> Row:
        self._count_refund_calls()
        if params.get("after_sales_status") != "1" or params.get("after_sales_type") != "1":
            raise PddError(10001, "after_sales_status, after_sales_type不能为空")
        start, end = self._window(params)
        at = self.clock.end
        found = [
            (refund.modified(at), order, refund)
            for order, refund in chapter.refunds(self.world)
            if refund.asked_at < at and start <= refund.modified(at) <= end
        ]
        found.sort(key=lambda one: (one[0], one[2].number), reverse=True)
        page, counts = _page(params, [pinduoduo_rows.refund(order, refund, at) for _, order, refund in found])
        return {"refund_list": self._drifted(page, _REFUNDS, "after_sales_status"), **counts}

    def _count_refund_calls(self) -> None:
        now = self.clock.now()
        while self._refund_calls and self._refund_calls[0] <= now - timedelta(seconds=10):
            self._refund_calls.popleft()
        if self.refund_quota is not None and len(self._refund_calls) >= self.refund_quota:
            raise PddError(70031, "调用过于频繁，请调整调用频率")
        self._refund_calls.append(now)

    def _window(self, params: Params) -> tuple[datetime, datetime]:
        start, end = _moment(params, "start_updated_at"), _moment(params, "end_updated_at")
        if not timedelta() < end - start <= timedelta(minutes=30):
            raise PddError(10001, "开始时间结束时间间距不超过 30 分钟")
        if end > self.clock.now() - timedelta(minutes=3):
            raise PddError(10001, "结束时间须早于系统时间3分钟")
        return start, end

    def _refresh(self, params: Params) -> Row:
        if params.get("refresh_token") != self.tokens.refresh:
            raise PddError(10035, "refresh_token已过期")
        self.tokens.mint()
        now, life = self.clock.now(), int(self.tokens.life.total_seconds())
        return {
            "access_token": self.tokens.access,
            "expires_in": life,
            "expires_at": int(now.timestamp()) + life,
            "refresh_token": self.tokens.refresh,
            "refresh_token_expires_in": 30 * 86400,
            "refresh_token_expires_at": int(now.timestamp()) + 30 * 86400,
            "owner_id": "88001",
            "owner_name": "全域母婴",
            "scope": [_ORDERS, _REFUNDS],
        }

    def _drifted(self, rows: Sequence[Row], kind: str, changed: str) -> list[Row]:
        """Schema drift: a field nobody knows, a number that became a text."""
        is_wider, is_other = self.faults.take("unknown_column", kind), self.faults.take("changed_type", kind)
        for row in rows:
            row.update({"x_new_field": "1"} if is_wider else {}, **({changed: str(row[changed])} if is_other else {}))
        return list(rows)


def _page(params: Params, rows: Sequence[Row]) -> tuple[Sequence[Row], Row]:
    """The asked page, with `has_next` or with the total."""
    number, size = params.get("page", "1"), params.get("page_size", "100")
    if not (number.isdigit() and size.isdigit() and int(number) >= 1 and 1 <= int(size) <= 100):
        raise PddError(10001, "page, page_size")
    first, last = (int(number) - 1) * int(size), int(number) * int(size)
    if params.get("use_has_next") == "true":
        return rows[first:last], {"has_next": len(rows) > last}
    return rows[first:last], {"total_count": len(rows)}


def _moment(params: Params, name: str) -> datetime:
    if not params.get(name, "").isdigit():
        raise PddError(10001, f"{name}不能为空")
    return datetime.fromtimestamp(int(params[name]), UTC)


async def _received(request: web.Request) -> dict[str, str]:
    body = await request.read()
    return dict(
        parse_qsl(request.query_string, keep_blank_values=True) + parse_qsl(body.decode(), keep_blank_values=True)
    )
