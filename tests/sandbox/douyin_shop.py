"""The open platform of Douyin shops (抖店): orders and after-sales of one shop, and its tokens.

From the contract: HMAC-SHA256 (or, without `sign_method`, MD5) recomputed over the bytes of the body, ten minutes of
clock skew in either form of `timestamp`, HTTP 200 whatever happens, pages from 0 and at most 100 rows, both ends of a
range included, fields of the older envelope unless the header says otherwise, ciphers and masks instead of people.
A refresh returns the same pair until the last hour, then a new one beside which the old token lives an hour more;
after the end a new one, and the old pair is dead.

The sandbox's own: a range of at most 90 days, the codes of refused parameters, and that `token.create` returns the
living pair. Faults beyond the generic ones: `throttle`, `token_expired`, `busy` (20000), `partial` (10001),
`unknown_column`, `changed_type`, and `shift`: before the answer the oldest order of the asked range changes, leaves
it, and every row behind it moves up by one.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

from aiohttp import web

from quanyu.contracts import SHANGHAI
from tests.sandbox import douyin_shop_rows as shown
from tests.sandbox.douyin_shop_tokens import Pair
from tests.sandbox.faults import Faults
from tests.sandbox.platform import ENTRY, Clock, Platform
from tests.sandbox.world import World
from tests.sandbox.world.systems import douyin_shop as chapter

Row = dict[str, Any]

_SECRET = "sandbox-douyin-shop-secret"
_SKEW = timedelta(minutes=10)
_LONGEST = timedelta(days=90)
_ORDERS, _AFTER_SALES = "/order/searchList", "/afterSale/List"


class DoudianError(Exception):
    """A refusal in the platform's envelope."""

    def __init__(self, code: int, sub_code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.sub_code = sub_code
        self.message = message


class DouyinShop(Platform):
    """One shop and one app of its own."""

    name: ClassVar[str] = "douyin_shop"

    def __init__(self, world: World, faults: Faults, clock: Clock) -> None:
        super().__init__(world, faults, clock)
        self.tokens = Pair(clock)
        self.says_when_tokens_end = False
        """Whether `expires_in` is a moment instead of a span."""

    def routes(self) -> list[web.RouteDef]:
        """One path for each method."""
        return [
            web.post("/token/create", self._answering(self._create, has_token=False)),
            web.post("/token/refresh", self._answering(self._refresh, has_token=False)),
            web.post(_ORDERS, self._answering(self._orders)),
            web.post(_AFTER_SALES, self._answering(self._after_sales)),
        ]

    def connection(self, url: str) -> Row:
        """App key and secret, and the shop for which the app mints its tokens."""
        extra = {"account": chapter.APP, "shop_id": str(chapter.SHOP_ID)}
        return {"conn_type": "http", "host": url, "login": chapter.APP, "password": _SECRET, "extra": extra}

    def _answering(self, answer: Callable[[Row], Row], *, has_token: bool = True) -> Callable[[web.Request], Any]:
        async def handle(request: web.Request) -> web.Response:
            try:
                asked = self._authenticated(request.query, request.path, await request.read())
                if has_token:
                    self._check_token(request)
                data: Row | None = answer(asked)
                code, sub_code, message = (10001 if self.faults.take("partial", request.path) else 10000), "", "success"
            except DoudianError as error:
                data, code, sub_code, message = None, error.code, error.sub_code, error.message
            request[ENTRY]["outcome"] = f"{code} {sub_code}".strip()
            said: Row = {"code": code, "msg": message, "sub_code": sub_code, "sub_msg": message if sub_code else ""}
            if request.headers.get("x-open-no-old-err-code") != "1":
                said |= {"err_no": 0 if code == 10000 else code, "message": message}
            said |= {"log_id": "20261121sandbox", **({} if data is None else {"data": data})}
            return web.json_response(text=json.dumps(said, ensure_ascii=False))

        return handle

    def _authenticated(self, query: Mapping[str, str], path: str, body: bytes) -> Row:
        if self.faults.take("throttle", path):
            raise DoudianError(60000, "isp.rate-limit", "请求过于频繁，请稍后重试")
        if self.faults.take("busy", path):
            raise DoudianError(20000, "dop.service-error", "系统错误，请稍后重试")
        if query.get("app_key") != chapter.APP:
            raise DoudianError(40003, "isv.app-id-invalid", "app_key不存在")
        if query.get("method") != path[1:].replace("/", ".") or query.get("v") != "2":
            raise DoudianError(40003, "isv.parameter-format-invalid", "method或v不正确")
        if query.get("sign") != _signature(query, body):
            raise DoudianError(40003, "isv.signature-invalid", "签名校验失败")
        if abs(_timestamp(query.get("timestamp", "")) - self.clock.now()) > _SKEW:
            raise DoudianError(40003, "isv.timestamp-invalid", "timestamp超出范围")
        try:
            asked = json.loads(body or b"{}")
        except ValueError:
            asked = None
        if not isinstance(asked, dict):
            raise DoudianError(40003, "isv.parameter-format-invalid", "param_json不是JSON对象")
        return asked

    def _check_token(self, request: web.Request) -> None:
        if self.faults.take("token_expired", request.path):
            self.tokens.kill()
        token = request.query.get("access_token", "")
        if not token or not self.tokens.was_issued(token):
            raise DoudianError(40003, "isv.access-token-no-existed", "access_token不存在")
        if not self.tokens.lives(token):
            raise DoudianError(40003, "isv.access-token-expired", "access_token已过期")

    def _create(self, asked: Row) -> Row:
        grant, shop = asked.get("grant_type"), str(asked.get("shop_id"))
        if grant != "authorization_self" or shop != str(chapter.SHOP_ID):
            raise DoudianError(50001, "dop.token-generate-failed:shop-not-bound", "店铺未授权给该应用")
        self.tokens.create()
        return self._granted()

    def _refresh(self, asked: Row) -> Row:
        if asked.get("grant_type") != "refresh_token" or not self.tokens.renew(str(asked.get("refresh_token"))):
            raise DoudianError(50001, "dop.token-generate-failed:refresh-token-invalid", "refresh_token无效")
        return self._granted()

    def _granted(self) -> Row:
        ends, now = self.tokens.ends_at, self.clock.now()
        return {
            "access_token": self.tokens.access,
            "expires_in": int(ends.timestamp()) if self.says_when_tokens_end else int((ends - now).total_seconds()),
            "refresh_token": self.tokens.refresh,
            "scope": "SCOPE",
            "shop_id": chapter.SHOP_ID,
            "shop_name": "全域母婴旗舰店",
            "authority_id": "",
            "auth_subject_type": "MerchantSelf",
        }

    def _orders(self, asked: Row) -> Row:
        kind = "update" if "update_time_start" in asked else "create"
        start, end = _range(asked, f"{kind}_time_start", f"{kind}_time_end")
        if self.faults.take("shift", _ORDERS):
            self._shift(start, end)
        states = {state for given in asked.get("combine_status") or [] for state in given["order_status"].split(",")}
        at = self.clock.end
        found = [
            (order.modified(at) if asked.get("order_by") == "update_time" else order.created_at, order)
            for order in chapter.orders(self.world)
            if order.exists(at)
            and start <= _epoch(order.modified(at) if kind == "update" else order.created_at) <= end
            and (not states or str(shown.status(order, at)) in states)
        ]
        found.sort(key=lambda pair: (pair[0], pair[1].number), reverse=asked.get("order_asc") is not True)
        rows = [shown.order(self.world, order, at) for _, order in _page(asked, found)]
        listed = self._drifted(rows, _ORDERS, "order_status", lambda row: row)
        return {"page": asked["page"], "total": len(found), "size": asked["size"], "shop_order_list": listed}

    def _shift(self, start: int, end: int) -> None:
        at = self.clock.end
        changed = [(of.modified(at), of) for of in chapter.orders(self.world) if of.exists(at)]
        inside = [(when, of.number, of) for when, of in changed if start <= _epoch(when) <= end]
        if inside:
            min(inside)[2].touched = datetime.fromtimestamp(end + 1, SHANGHAI)

    def _after_sales(self, asked: Row) -> Row:
        kind = "update" if "update_start_time" in asked else ""
        names = ("update_start_time", "update_end_time") if kind else ("start_time", "end_time")
        start, end = _range(asked, *names)
        order_by, at = asked.get("order_by") or ["update_time desc"], self.clock.end
        if order_by not in (["update_time asc"], ["update_time desc"]):
            raise DoudianError(40004, "isv.parameter-invalid", "order_by")
        found = [
            (of.refund.modified(at), of)
            for of in chapter.orders(self.world)
            if of.refund is not None
            and of.refund.asked_at < at
            and start <= _epoch(of.refund.modified(at) if kind else of.refund.asked_at) <= end
        ]
        found.sort(key=lambda pair: (pair[0], pair[1].number), reverse=order_by == ["update_time desc"])
        page = _page(asked, found)
        rows = [shown.after_sale(of, of.refund, at) for _, of in page if of.refund is not None]
        listed = self._drifted(rows, _AFTER_SALES, "refund_amount", lambda row: row["aftersale_info"])
        more = (asked["page"] + 1) * asked["size"] < len(found)
        return {
            "items": listed,
            "has_more": more,
            "total": len(found),
            "page": asked["page"],
            "size": asked["size"],
        }

    def _drifted(self, rows: list[Row], path: str, changed: str, inside: Callable[[Row], Row]) -> list[Row]:
        """Schema drift: a field nobody knows, a number that became a text."""
        is_wider, is_other = self.faults.take("unknown_column", path), self.faults.take("changed_type", path)
        for row in rows:
            into = inside(row)
            into.update({"x_new_field": "1"} if is_wider else {}, **({changed: str(into[changed])} if is_other else {}))
        return rows


def _signature(query: Mapping[str, str], body: bytes) -> str:
    """What the caller should have signed, of the bytes that came."""
    secret = _SECRET.encode()
    named = {name: query.get(name, "").encode() for name in ("app_key", "method", "timestamp", "v")}
    signed = b"".join(name.encode() + value for name, value in sorted({**named, "param_json": body}.items()))
    text = secret + signed + secret
    if query.get("sign_method") == "hmac-sha256":
        return hmac.new(secret, text, hashlib.sha256).hexdigest()
    return hashlib.md5(text).hexdigest()


def _timestamp(text: str) -> datetime:
    """Seconds, or a wall clock of China."""
    if text.isdigit():
        return datetime.fromtimestamp(int(text), UTC)
    try:
        return datetime.strptime(text, "%Y-%m-%d %H:%M:%S").replace(tzinfo=SHANGHAI)
    except ValueError:
        raise DoudianError(40003, "isv.timestamp-invalid", "timestamp") from None


def _range(asked: Row, first: str, last: str) -> tuple[int, int]:
    start, end = asked.get(first), asked.get(last)
    if not isinstance(start, int) or not isinstance(end, int) or not 0 <= end - start <= _LONGEST.total_seconds():
        raise DoudianError(50002, "isv.business-failed:time-range", f"{first}和{last}不正确")
    return start, end


def _page(asked: Row, found: list[Any]) -> list[Any]:
    number, size = asked.get("page"), asked.get("size")
    if not isinstance(number, int) or not isinstance(size, int) or number < 0 or not 1 <= size <= 100:
        raise DoudianError(40004, "isv.parameter-invalid", "page从0开始，size不超过100")
    return found[number * size : (number + 1) * size]


def _epoch(at: datetime) -> int:
    return int(at.timestamp())
