"""The Tmall shop behind TOP: trades by modification (newest first), refunds, members and their groups.

From the contract: signature recomputed from the received bytes, ten minutes of clock skew, a session that dies and
needs a person, a window of one day for trades, pages of at most 100, `use_has_next` instead of a total, types that
are left out unless asked for, only the asked fields, masks, ids beyond 2^53, doubly wrapped lists that are missing or
empty by turns, a raw control character in a title, HTTP 200 whatever happens.

Faults of its own: `throttle`, `token_expired`, `isp_error`, `unknown_column`, `changed_type`, and `shift`: before the
answer, the newest order of the asked window is updated; it leaves the window and every row behind it moves up by one.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, ClassVar

from aiohttp import web

from tests.sandbox import tmall_rows
from tests.sandbox.faults import Faults
from tests.sandbox.platform import ENTRY, Clock, Platform
from tests.sandbox.tmall_groups import MemberGroups
from tests.sandbox.top import (
    TopError,
    asked_number,
    asked_time,
    authenticate,
    bad_parameter,
    body_of,
    envelope,
    parameters,
)
from tests.sandbox.world import World, shop
from tests.sandbox.world.model import SHOP
from tests.sandbox.world.trade import Refund, Trade

Params = Mapping[str, str]
Row = dict[str, Any]

_APP_KEY = "12345678"
_SECRET = "sandbox-tmall-secret"
_SESSION = "6100e23sandbox"
_SESSION_LIFE = timedelta(days=365)
_RETENTION = timedelta(days=92)
_DEFAULT_TYPES = "guarantee_trade,auto_delivery,ec,cod,step"


class Tmall(Platform):
    """One shop, one app, one session."""

    name: ClassVar[str] = "tmall"

    def __init__(self, world: World, faults: Faults, clock: Clock) -> None:
        super().__init__(world, faults, clock)
        self._session_ends = clock.now() + _SESSION_LIFE
        self._empty = itertools.count()
        self._requests = itertools.count(1)
        self.groups = MemberGroups(self._is_member)
        self._methods: dict[str, Callable[[Params], Row]] = {
            "taobao.trades.sold.increment.get": self._trades,
            "taobao.refunds.receive.get": self._refunds,
            "taobao.crm.members.increment.get.privy": self._members,
            **self.groups.methods(),
        }

    def routes(self) -> list[web.RouteDef]:
        """The one address of the gateway."""
        return [web.post("/router/rest", self._serve)]

    def connection(self, url: str) -> Row:
        """App key and secret; the seller's session."""
        extra = {"session": _SESSION, "account": SHOP, "sign_method": "hmac-sha256"}
        return {"conn_type": "http", "host": url, "login": _APP_KEY, "password": _SECRET, "extra": extra}

    async def endpoint(self, request: web.Request) -> str:
        """The TOP method."""
        try:
            return (await _received(request)).get("method", request.path)
        except TopError:
            return request.path

    async def _serve(self, request: web.Request) -> web.Response:
        params: Params = {}
        try:
            params = await _received(request)
            document = envelope(params.get("method", ""), self._answer(params))
        except TopError as error:
            document = {"error_response": dict(error.answer)}
        next(iter(document.values()))["request_id"] = f"sandbox{next(self._requests):08d}"
        request[ENTRY]["outcome"] = str(document.get("error_response", {}).get("code", "ok"))
        text, kind = body_of(document, params.get("format", "xml"))
        return web.Response(body=text.encode(), headers={"Content-Type": f"{kind};charset=utf-8"})

    def _answer(self, params: Params) -> Row:
        method = params.get("method", "")
        now = self.clock.now()
        authenticate(params, key=_APP_KEY, secret=_SECRET, session=_SESSION, now=now)
        if now >= self._session_ends or self.faults.take("token_expired", method):
            raise TopError(27, "Invalid Session", "session-expired", "SessionKey已过期，请重新授权")
        if self.faults.take("throttle", method):
            sub_code = "accesscontrol.limited-by-app-api-access-count"
            raise TopError(7, "App Call Limited", sub_code, "This ban will last for 2 more seconds")
        if self.faults.take("isp_error", method):
            raise TopError(
                15, "Remote service error", "isp.top-remote-connection-timeout", "API后端服务超时，请稍后重试"
            )
        if method not in self._methods:
            raise TopError(22, "Invalid Method")
        return self._methods[method](params)

    def _trades(self, params: Params) -> Row:
        fields = _fields(params)
        start, end = asked_time(params, "start_modified"), asked_time(params, "end_modified")
        if not timedelta() < end - start <= timedelta(days=1):
            raise bad_parameter("start_modified到end_modified的时间跨度不能超过1天")
        if self.faults.take("shift", params["method"]):
            self._shift(params, start, end)
        found = self._modified_trades(params, start, end)
        page, counts = _page(params, found)
        rows = [tmall_rows.trade(trade, fields, self.clock.end) for trade in page]
        self._drift(rows, params["method"])
        return {**self._wrapped("trades", "trade", rows), **counts}

    def _modified_trades(self, params: Params, start: datetime, end: datetime) -> list[Trade]:
        """Trades last modified in the window, both ends included, newest first."""
        at = self.clock.end
        types = (params.get("type") or _DEFAULT_TYPES).split(",")
        found = [
            (modified, trade)
            for trade in self.world.trades
            if trade.created_at < at
            and trade.type in types
            and start <= (modified := trade.modified(at)) <= end
            and modified >= at - _RETENTION
            and params.get("status") in {None, "", trade.status(at)}
            and params.get("buyer_open_uid") in {None, "", trade.buyer_open_uid}
        ]
        found.sort(key=lambda pair: (pair[0], pair[1].tid), reverse=True)
        return [trade for _, trade in found]

    def _shift(self, params: Params, start: datetime, end: datetime) -> None:
        found = self._modified_trades(params, start, end)
        if found:
            found[0].touched = end + timedelta(seconds=1)

    def _refunds(self, params: Params) -> Row:
        fields = _fields(params)
        start, end = asked_time(params, "start_modified"), asked_time(params, "end_modified")
        at = self.clock.end
        found: list[tuple[datetime, Refund]] = [
            (refund.modified(at), refund)
            for refund in self.world.refunds
            if refund.moments[0][0] < at and start <= refund.modified(at) <= end
        ]
        found.sort(key=lambda pair: (pair[0], pair[1].refund_id), reverse=True)
        page, counts = _page(params, [refund for _, refund in found])
        trades = self.world.trade_of
        rows = [tmall_rows.refund(refund, trades[refund.tid], fields, at) for refund in page]
        self._drift(rows, params["method"])
        return {**self._wrapped("refunds", "refund", rows), **counts}

    def _members(self, params: Params) -> Row:
        """Members by modification; a page beyond the last is empty."""
        at = self.clock.end
        start = asked_time(params, "start_modify")
        end = asked_time(params, "end_modify") if params.get("end_modify") else at
        if not params.get("current_page"):
            raise TopError(40, "Missing Required Arguments", "isv.missing-parameter", "current_page")
        number = asked_number(params, "current_page", 1, 1, 10**6)
        size = asked_number(params, "page_size", 40, 2, 100)
        found = []
        for member in self.world.shop_members:
            state = shop.member_state(member, self.world.trades_by_ouid.get(member.ouid, []), at)
            if state is not None and start <= state.modified_at <= end:
                found.append((member, state))
        page = sorted(found, key=lambda pair: pair[0].ouid)[(number - 1) * size : number * size]
        rows = [tmall_rows.member(member, state, at) for member, state in page]
        self._drift(rows, params["method"])
        return {**self._wrapped("members", "basic_member", rows), "total_result": len(found)}

    def _is_member(self, ouid: str) -> bool:
        at = self.clock.end
        return any(member.ouid == ouid and member.joined_at < at for member in self.world.shop_members)

    def _wrapped(self, outer: str, inner: str, rows: Sequence[Row]) -> Row:
        """The list, doubly wrapped; an empty one is missing or `{}` by turns."""
        if rows:
            return {outer: {inner: list(rows)}}
        return {} if next(self._empty) % 2 == 0 else {outer: {}}

    def _drift(self, rows: Iterable[Row], method: str) -> None:
        """Schema drift: a field nobody asked for; money that became a number."""
        if self.faults.take("unknown_column", method):
            for row in rows:
                row["x_new_field"] = "1"
        if self.faults.take("changed_type", method):
            for row in rows:
                for name in {"payment", "refund_fee", "trade_amount"} & row.keys():
                    row[name] = float(row[name])


def _fields(params: Params) -> list[str]:
    """The asked fields. Raises TopError when there are none."""
    if not params.get("fields"):
        raise TopError(40, "Missing Required Arguments", "isv.missing-parameter", "fields")
    return [name.strip() for name in params["fields"].split(",")]


def _page(params: Params, found: Sequence[Any]) -> tuple[Sequence[Any], Row]:
    """The asked page, with `has_next` or with the total."""
    number = asked_number(params, "page_no", 1, 1, 10**6)
    size = asked_number(params, "page_size", 40, 1, 100)
    page = found[(number - 1) * size : number * size]
    if params.get("use_has_next", "false").lower() == "true":
        return page, {"has_next": len(found) > number * size}
    return page, {"total_results": len(found)}


async def _received(request: web.Request) -> dict[str, str]:
    return parameters(request.query_string, await request.read())
