"""The open platform of Youzan (有赞): trades, refunds, customers, users and tags of one shop.

From the contract: tokens as JSON and in the query only, two envelopes with HTTP 200, a filter of time that is ignored
unless both of a pair are there, at most three months and 100 rows and 100 pages, refunds to the 3,000th row only,
customers by when they became one and never more than 10,000 (142710032), newest first; people as ciphers. A user
query brings the user of the phone alone unless `result_type_list` asks for more.

The sandbox's own: 5001 for whatever is wrong in a parameter, 1103 for wrong credentials, and that a minted token
leaves the one before alive. Faults beyond the generic ones: `throttle`, `token_expired`, `busy` (106000001),
`unknown_column`, `changed_type`, and `shift`: before the answer the newest trade of the asked window changes, leaves
it, and every row behind it moves up by one.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

from aiohttp import web

from quanyu.contracts import SHANGHAI
from tests.sandbox import youzan_rows as shown
from tests.sandbox.faults import Faults
from tests.sandbox.platform import ENTRY, Clock, Platform
from tests.sandbox.world import World
from tests.sandbox.world.marketplace import Order, OrderRefund
from tests.sandbox.world.openids import MINI_APPID
from tests.sandbox.world.systems import youzan as chapter
from tests.sandbox.youzan_tags import BadTags, CustomerTags, NoCustomer

Row = dict[str, Any]

_CLIENT, _SECRET = "6cd25b3f99727975b5", "sandbox-youzan-secret"
_LIFE = timedelta(days=7)
_LONGEST = timedelta(days=92)
_TRADES = "/api/youzan.trades.sold.get/4.0.4"
_REFUNDS = "/api/youzan.trade.refund.search/3.0.1"
_CUSTOMERS = "/api/youzan.scrm.customer.list/1.0.0"
_USERS = "/api/youzan.users.info.query/1.0.1"
_TAG = "/api/youzan.scrm.tag.relation.{}/4.0.0"


class YouzanError(Exception):
    """A refusal; the gateway's own have an envelope of their own."""

    def __init__(self, code: int, message: str, *, by_gateway: bool = False) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.by_gateway = by_gateway


class Youzan(Platform):
    """One shop and one app of its own."""

    name: ClassVar[str] = "youzan"

    def __init__(self, world: World, faults: Faults, clock: Clock) -> None:
        super().__init__(world, faults, clock)
        self.most_customers = 10_000
        self.customer_tags = CustomerTags(self._is_customer)
        self._ends: dict[str, datetime] = {}

    def routes(self) -> list[web.RouteDef]:
        """The token call and the APIs."""
        return [
            web.post("/auth/token", self._minting),
            web.post(_TRADES, self._answering(self._trades)),
            web.post(_REFUNDS, self._answering(self._refunds)),
            web.post(_CUSTOMERS, self._answering(self._customers)),
            web.post(_USERS, self._answering(self._users)),
            web.post(_TAG.format("add"), self._answering(self._tagging(self.customer_tags.add))),
            web.post(_TAG.format("delete"), self._answering(self._tagging(self.customer_tags.delete))),
        ]

    def connection(self, url: str) -> Row:
        """Client id and secret, the shop, and the appid under which it is open."""
        extra = {"account": chapter.KDT_ID, "mini_program_appid": MINI_APPID}
        return {"conn_type": "http", "host": url, "login": _CLIENT, "password": _SECRET, "extra": extra}

    async def _minting(self, request: web.Request) -> web.Response:
        asked = await request.json() if request.content_type == "application/json" else {}
        expected = {"client_id": _CLIENT, "client_secret": _SECRET, "grant_id": chapter.KDT_ID}
        if asked.get("authorize_type") != "silent":
            return self._said(request, {"success": False, "code": 1000, "data": None, "message": "参数错误"})
        if any(str(asked.get(name)) != value for name, value in expected.items()):
            return self._said(
                request, {"success": False, "code": 1103, "data": None, "message": "应用未授权或密钥错误"}
            )
        token, ends = f"youzan-token-{len(self._ends) + 1:06d}", self.clock.now() + _LIFE
        self._ends[token] = ends
        data = {
            "access_token": token,
            "expires": int(ends.timestamp() * 1000),
            "scope": "trade crm",
            "authority_id": chapter.KDT_ID,
        }
        return self._said(request, {"success": True, "code": 200, "data": data, "message": None})

    def _answering(self, answer: Callable[[Row], Row | bool]) -> Callable[[web.Request], Any]:
        async def handle(request: web.Request) -> web.Response:
            said: Row = {"trace_id": "yz7-sandbox"}
            try:
                self._admit(request)
                data = answer(json.loads(await request.read() or b"{}"))
                said |= {"code": 200, "success": True, "message": "successful", "data": data}
            except YouzanError as error:
                if error.by_gateway:
                    gateway = {**said, "err_msg": error.message, "err_code": error.code}
                    said = {"gw_err_resp": gateway}
                    request[ENTRY]["outcome"] = str(error.code)
                    return web.json_response(said)
                said |= {"code": error.code, "success": False, "message": error.message, "data": None}
            return self._said(request, said)

        return handle

    def _said(self, request: web.Request, answer: Row) -> web.Response:
        request[ENTRY]["outcome"] = str(answer["code"])
        return web.json_response(text=json.dumps(answer, ensure_ascii=False))

    def _admit(self, request: web.Request) -> None:
        token = request.query.get("access_token", "")
        if self.faults.take("throttle", request.path):
            raise YouzanError(4101, "调用频率超过限制", by_gateway=True)
        if self.faults.take("busy", request.path):
            raise YouzanError(106000001, "系统异常，请稍后重试")
        if self.faults.take("token_expired", request.path) and token in self._ends:
            self._ends[token] = self.clock.now()
        if not token:
            raise YouzanError(4201, "access_token is empty", by_gateway=True)
        if token not in self._ends or self.clock.now() >= self._ends[token]:
            raise YouzanError(4203, "access_token invalid or expired", by_gateway=True)
        if request.content_type != "application/json":
            raise YouzanError(5001, "Content-Type must be application/json")

    def _trades(self, asked: Row) -> Row:
        """Trades, the newest placed first."""
        at = self.clock.end
        kinds = {
            "created": lambda order: order.created_at,
            "update": lambda order: order.modified(at),
            "pay": lambda order: order.paid_at,
            "success": lambda order: order.finished_at,
        }
        # An unpaired filter counts as none.
        paired = [kind for kind in kinds if f"start_{kind}" in asked and f"end_{kind}" in asked]
        if len(paired) > 1:
            raise YouzanError(5001, "only one pair of times")
        found = [order for order in chapter.orders(self.world) if order.exists(at)]
        for kind in paired:
            start, end = _clock(asked, f"start_{kind}"), _clock(asked, f"end_{kind}")
            if not timedelta() <= end - start <= _LONGEST:
                raise YouzanError(5001, "the time must not span more than three months")
            if self.faults.take("shift", _TRADES):
                _shift([order for order in found if start <= order.modified(at) <= end], end)
            found = [order for order in found if _within(kinds[kind](order), start, end)]
        found.sort(key=lambda order: order.number, reverse=True)
        rows = [shown.trade(self.world, order, at) for order in _page(asked, found, 100, 100)]
        told = self._drifted(rows, _TRADES, lambda row: {"order_info": {**row["order_info"], "created": 17}})
        return {"total_results": len(found), "full_order_info_list": [{"full_order_info": row} for row in told]}

    def _refunds(self, asked: Row) -> Row:
        """Refunds, the newest first; beyond three months only those asked for."""
        at = self.clock.end
        found: list[tuple[Order, OrderRefund]] = [
            (order, order.refund)
            for order in chapter.orders(self.world)
            if order.refund is not None and order.refund.asked_at < at
        ]
        for kind in ("create", "update"):
            if f"{kind}_time_start" in asked and f"{kind}_time_end" in asked:
                start, end = _second(asked, f"{kind}_time_start"), _second(asked, f"{kind}_time_end")
                found = [
                    pair
                    for pair in found
                    if _within(pair[1].asked_at if kind == "create" else pair[1].modified(at), start, end)
                ]
        if int(asked.get("page_no", 1)) * int(asked.get("page_size", 20)) > 3000:
            raise YouzanError(5001, "超过ES搜索最大深度")
        found.sort(key=lambda pair: pair[1].number, reverse=True)
        rows = [shown.refund(order, refund, at) for order, refund in _page(asked, found, 100, 100)]
        return {"total": len(found), "refunds": self._drifted(rows, _REFUNDS, lambda _: {"created": 17})}

    def _customers(self, asked: Row) -> Row:
        """Customers, the newest first."""
        start, end = (asked.get(name) for name in ("created_at_start", "created_at_end"))
        found = [of for of in chapter.customers(self.world) if of.created_at < self.clock.end]
        if isinstance(start, int) and isinstance(end, int):
            found = [of for of in found if start <= int(of.created_at.timestamp()) <= end]
        if len(found) > self.most_customers:
            raise YouzanError(142710032, "超过列表获取总数")
        rows = [shown.customer(self.world, of, self.clock.end) for of in _page(asked, found[::-1], 50, 500)]
        told = self._drifted(rows, _CUSTOMERS, lambda row: {"created_at": str(row["created_at"])})
        return {"total": len(found), "record_list": told}

    def _users(self, asked: Row) -> Row:
        """Who somebody is; WeChat's ids of those alone who are asked for."""
        wanted = asked.get("result_type_list") or [0]
        known = {chapter.yz_open_id(self.world, of.person): of.person for of in chapter.customers(self.world)}
        person = known.get(str(asked.get("yz_open_id")))
        users = shown.users(self.world, person, wanted) if person else []
        told = self._drifted(
            [{"user_list": users}],
            _USERS,
            lambda _: {"user_list": [{**user, "platform_info": {"platform_type": "2"}} for user in users]},
        )
        return told[0]

    def _tagging(self, change: Callable[[Row], bool]) -> Callable[[Row], bool]:
        def tagging(asked: Row) -> bool:
            try:
                return change(asked)
            except NoCustomer:
                raise YouzanError(142400105, "客户不存在") from None
            except BadTags as error:
                raise YouzanError(5001, str(error)) from None

        return tagging

    def _is_customer(self, account: str) -> bool:
        there = (of for of in chapter.customers(self.world) if of.created_at < self.clock.end)
        return any(chapter.yz_open_id(self.world, of.person) == account for of in there)

    def _drifted(self, rows: list[Row], path: str, changed: Callable[[Row], Row]) -> list[Row]:
        """Schema drift: a field nobody knows, or what `changed` says in another type."""
        is_wider, is_other = self.faults.take("unknown_column", path), self.faults.take("changed_type", path)
        for row in rows:
            row.update({"x_new_field": "1"} if is_wider else {})
            row.update(changed(row) if is_other else {})
        return rows


def _shift(inside: list[Order], end: datetime) -> None:
    if inside:
        max(inside, key=lambda order: order.number).touched = end + timedelta(seconds=1)


def _within(at: datetime | None, start: datetime, end: datetime) -> bool:
    return at is not None and start <= at.replace(microsecond=0) <= end


def _clock(asked: Row, name: str) -> datetime:
    try:
        return datetime.strptime(str(asked[name]), "%Y-%m-%d %H:%M:%S").replace(tzinfo=SHANGHAI)
    except ValueError:
        raise YouzanError(5001, f"{name} must be yyyy-MM-dd HH:mm:ss") from None


def _second(asked: Row, name: str) -> datetime:
    if not isinstance(asked[name], int):
        raise YouzanError(5001, f"{name} must be seconds")
    return datetime.fromtimestamp(asked[name], UTC)


def _page(asked: Row, found: list[Any], largest: int, pages: int) -> list[Any]:
    number, size = asked.get("page_no", 1), asked.get("page_size", 20)
    if not isinstance(number, int) or not isinstance(size, int) or not 1 <= size <= largest or number < 1:
        raise YouzanError(5001, f"page_no counts from 1, page_size is at most {largest}")
    if number > pages:
        raise YouzanError(5001, f"查询页数超过{pages}")
    return found[(number - 1) * size : number * size]
