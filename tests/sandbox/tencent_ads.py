"""Tencent Ads (广点通), Marketing API v3.0: the daily report, the leads and the audiences of one account.

From the contract: every call brings `access_token`, `timestamp` (off by 300 seconds at most) and a `nonce` of at most
32 characters that no call used before; structures as JSON text in the query; HTTP 200 whatever happens; costs as
integer fen; leads newest first, 200 a page, by number up to 5,000 rows and behind `last_search_after_values` (time in
milliseconds and id of the last row) beyond. A refresh gives a new access token and keeps the refresh token.

Codes as documented; 10100 (a wrong parameter), 10101 (clock) and 10102 (a nonce used twice) are the sandbox's own.
Faults beyond the generic ones: `throttle` (11016), `minute_limit` (11017), `day_limit` (11018), `refresh_expired`
(11012), `token_expired`, `unknown_column`, `changed_type`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any, ClassVar

from aiohttp import web

from quanyu.contracts import SHANGHAI
from tests.sandbox.faults import Faults
from tests.sandbox.platform import ENTRY, Clock, Platform
from tests.sandbox.rotation import Rotation
from tests.sandbox.tencent_audiences import CustomAudiences
from tests.sandbox.tencent_error import TencentError
from tests.sandbox.world import World
from tests.sandbox.world.advertising import AdDay, AdLead, lead_id
from tests.sandbox.world.facts import text
from tests.sandbox.world.systems.tencent_ads import TENCENT_ACCOUNT, days, leads

Row = dict[str, Any]
Asked = Mapping[str, str]

_CLIENT = "1111222233"
_SECRET = "sandbox-tencent-ads-secret"
_REPORT, _LEADS = "/v3.0/daily_reports/get", "/v3.0/leads_list/get"
_BY_NUMBER = 5000
_LIMITS = {
    "throttle": (11016, "请求过于频繁(每秒)"),
    "minute_limit": (11017, "请求过于频繁(每分钟)"),
    "day_limit": (11018, "已超过每日调用上限"),
}


class TencentAds(Platform):
    """One account, one app, one living access token."""

    name: ClassVar[str] = "tencent_ads"

    def __init__(self, world: World, faults: Faults, clock: Clock) -> None:
        super().__init__(world, faults, clock)
        self.tokens = Rotation(clock, "tencent")
        self.audiences = CustomAudiences(clock)
        self._nonces: set[str] = set()

    def routes(self) -> list[web.RouteDef]:
        """The token call, the two lists, and what `tencent_audiences` serves."""
        return [
            web.get("/oauth/token", self._answering(self._token, is_open=True)),
            web.get(_REPORT, self._answering(self._report)),
            web.get(_LEADS, self._answering(self._leads)),
            web.get("/v3.0/custom_audiences/get", self._answering(self._audiences)),
            web.get("/v3.0/custom_audience_files/get", self._answering(self._files)),
            web.post("/v3.0/custom_audiences/add", self._taking(self.audiences.add)),
            web.post("/v3.0/custom_audience_files/add", self._taking(self.audiences.upload)),
        ]

    def connection(self, url: str) -> dict[str, Any]:
        """App credentials and the living tokens."""
        extra = {
            "access_token": self.tokens.access,
            "refresh_token": self.tokens.refresh,
            "account": TENCENT_ACCOUNT,
        }
        return {"conn_type": "http", "host": url, "login": _CLIENT, "password": _SECRET, "extra": extra}

    def _answering(self, answer: Callable[[Asked], Row], *, is_open: bool = False) -> Callable[[web.Request], Any]:
        async def handle(request: web.Request) -> web.Response:
            code, message, data = 0, "", {}
            try:
                if not is_open:
                    self._authorise(request)
                data = answer(request.query)
            except TencentError as error:
                code, message = error.code, error.message
            request[ENTRY]["outcome"] = str(code)
            envelope = {"code": code, "message": message, "message_cn": message, "errors": [], "data": data}
            return web.json_response(envelope, headers={"X-TSA-Trace-Id": "sandbox"})

        return handle

    def _taking(self, take: Callable[[Any], Row]) -> Callable[[web.Request], Any]:
        """A call with a body, JSON or a form."""

        async def handle(request: web.Request) -> web.Response:
            given = await (request.json() if request.content_type == "application/json" else request.post())

            def answer(_: Asked) -> Row:
                self._own({"account_id": str(given.get("account_id"))})
                return take(given)

            response: web.Response = await self._answering(answer)(request)
            return response

        return handle

    def _audiences(self, given: Asked) -> Row:
        return self._paged(given, self.audiences.rows())

    def _files(self, given: Asked) -> Row:
        return self._paged(
            given, self.audiences.file_rows(given.get("audience_id"), given.get("custom_audience_file_id"))
        )

    def _paged(self, given: Asked, rows: list[Row]) -> Row:
        self._own(given)
        number, size = _page(given, 100)
        return {"list": rows[(number - 1) * size : number * size], "page_info": _info(number, size, len(rows))}

    def _authorise(self, request: web.Request) -> None:
        given = request.query
        for kind, limit in _LIMITS.items():
            if self.faults.take(kind, request.path):
                raise TencentError(*limit)
        if abs(self.clock.now().timestamp() - float(given.get("timestamp", 0))) > 300:
            raise TencentError(10101, "timestamp is off by more than 300 seconds")
        nonce = given.get("nonce", "")
        if not 1 <= len(nonce) <= 32 or nonce in self._nonces:
            raise TencentError(10102, "nonce is missing, too long or was used before")
        self._nonces.add(nonce)
        if self.faults.take("token_expired", request.path):
            self.tokens.kill()
        if not self.tokens.lives(given.get("access_token")):
            raise TencentError(11000, "access_token 已过期")

    def _token(self, given: Asked) -> Row:
        if (given.get("client_id"), given.get("client_secret")) != (_CLIENT, _SECRET):
            raise TencentError(11013, "client_id 或 client_secret 错误")
        if given.get("grant_type") != "refresh_token" or given.get("refresh_token") != self.tokens.refresh:
            raise TencentError(11012, "refresh_token 不存在或已过期")
        if self.faults.take("refresh_expired", "/oauth/token"):
            raise TencentError(11012, "refresh_token 不存在或已过期")
        self.tokens.mint_access()
        return {
            "access_token": self.tokens.access,
            "access_token_expires_in": int(self.tokens.life.total_seconds()),
            "refresh_token_expires_in": 30 * 86400,
        }

    def _report(self, given: Asked) -> Row:
        self._own(given)
        span = _json(given, "date_range")
        first, last = date.fromisoformat(span["start_date"]), date.fromisoformat(span["end_date"])
        if first > last or (last - first).days > 90:
            raise TencentError(10100, "date_range must span at most 90 days")
        if given.get("level") != "REPORT_LEVEL_ADGROUP" or _json(given, "group_by") != ["date", "adgroup_id"]:
            raise TencentError(10100, "the sandbox reports adgroups by date")
        fields = [str(name) for name in _json(given, "fields")]
        rows = [_shown(of, self.clock.today, fields) for of in days(self.world) if first <= of.day <= last]
        rows = [row for row in rows if row["date"] <= self.clock.today.isoformat()]
        number, size = _page(given, 1000)
        page = rows[(number - 1) * size : number * size]
        return {"list": self._drifted(page, "cost", _REPORT), "page_info": _info(number, size, len(rows))}

    def _leads(self, given: Asked) -> Row:
        self._own(given)
        span = _json(given, "time_range")
        if given.get("time_type") not in {"TIME_TYPE_CREATED_TIME", "TIME_TYPE_ACTION_TIME"}:
            raise TencentError(10100, "time_type is required")
        first, last = (datetime.fromtimestamp(span[name], SHANGHAI) for name in ("start_time", "end_time"))
        if not first < last:
            raise TencentError(10100, "start_time must be smaller than end_time")
        found = [_lead(of) for of in leads(self.world) if first <= of.left_at <= last and of.left_at < self.clock.end]
        found.sort(key=_sorting, reverse=True)
        number, size = _page(given, 200)
        if "last_search_after_values" in given:
            at, last_id = _json(given, "last_search_after_values")
            rest = [row for row in found if _sorting(row) < (int(at), int(last_id))]
        else:
            if number * size > _BY_NUMBER:
                raise TencentError(10100, "beyond 5000 rows last_search_after_values is required")
            rest = found[(number - 1) * size :]
        page = self._drifted(rest[:size], "leads_create_time", _LEADS)
        return {"leads_info": page, "page_info": _info(number, size, len(found))}

    def _own(self, given: Asked) -> None:
        if given.get("account_id") != TENCENT_ACCOUNT:
            raise TencentError(11014, "没有权限访问该账号")

    def _drifted(self, rows: list[Row], changed: str, path: str) -> list[Row]:
        """Schema drift: a column nobody knows, a value of another type."""
        is_wider, is_other = self.faults.take("unknown_column", path), self.faults.take("changed_type", path)
        for row in rows:
            if is_wider:
                row["x_new_field"] = "17"
            if is_other:
                row[changed] = [row[changed]]
        return rows


def _shown(of: AdDay, today: date, fields: list[str]) -> Row:
    converted = of.converted_by(today)
    known = {
        "date": of.day.isoformat(),
        "account_id": int(TENCENT_ACCOUNT),
        "adgroup_id": of.ad.group_id,
        "cost": of.cost_fen,
        "view_count": of.shown,
        "valid_click_count": of.clicked,
        "ctr": round(of.clicked / of.shown, 4) if of.shown else 0,
        "cpc": of.cost_fen // of.clicked if of.clicked else 0,
        "thousand_display_price": of.cost_fen * 1000 // of.shown if of.shown else 0,
        "conversions_count": converted,
        "conversions_cost": of.cost_fen // converted if converted else 0,
    }
    if unknown := set(fields) - set(known):
        raise TencentError(10100, f"unknown field {min(unknown)}")
    return {name: known[name] for name in fields}


def _lead(of: AdLead) -> Row:
    return {
        "account_id": int(TENCENT_ACCOUNT),
        "leads_id": int(lead_id(of)),
        "outer_leads_id": "",
        "click_id": of.click_id,
        "adgroup_id": of.ad.group_id,
        "adgroup_name": of.ad.group_name,
        "dynamic_creative_id": of.ad.id,
        "component_id": "50330044",
        "page_url": "https://mp.qq.com/lp/50330044",
        "leads_type": "LEADS_TYPE_FORM",
        "leads_source": "LEADS_SOURCE_ADS",
        "leads_follow_tag": "LEADS_FOLLOW_TAG_DEFAULT",
        "leads_name": of.name,
        "leads_telephone": of.phone,
        "telephone_location": "浙江 杭州",
        "leads_email": of.email,
        "leads_qq": "",
        "leads_wechat": of.wechat,
        "leads_gender": "LEADS_GENDER_TYPE_UNKNOWN",
        "address": "滨江区某路 1 号",
        "id_number": "110101199003070000",
        "custom_qa": f"称呼: {of.name}",
        "leads_create_time": text(of.left_at),
        "leads_action_time": text(of.left_at),
        "leads_tags": "",
        "call_duration": "",
    }


def _sorting(row: Row) -> tuple[int, int]:
    at = datetime.strptime(row["leads_create_time"], "%Y-%m-%d %H:%M:%S").replace(tzinfo=SHANGHAI)
    return int(at.timestamp()) * 1000, row["leads_id"]


def _page(given: Asked, largest: int) -> tuple[int, int]:
    number, size = int(given.get("page", "1")), int(given.get("page_size", "10"))
    if number < 1 or not 1 <= size <= largest:
        raise TencentError(10100, f"page must be positive and page_size in 1..{largest}")
    return number, size


def _info(number: int, size: int, total: int) -> Row:
    return {"page": number, "page_size": size, "total_number": total, "total_page": -(-total // size)}


def _json(given: Asked, name: str) -> Any:
    try:
        return json.loads(given[name])
    except (KeyError, ValueError):
        raise TencentError(10100, f"{name} must be JSON text") from None
