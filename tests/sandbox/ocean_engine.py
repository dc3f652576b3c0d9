"""Ocean Engine (巨量引擎): the custom report, the leads and the audiences of one advertiser.

From the contract: header `Access-Token`, HTTP 200 whatever happens, arrays and objects as JSON text in the query, at
most 30 days and 1,000 rows of a report a call, rows in no order unless `order_by` is given, figures as strings,
leads newest first at most 100 a page. A refresh turns both tokens over and kills the old refresh token, also when its
answer is lost (`reply_lost`): then only a new authorisation helps.

Codes: 40100 and 40110 too often, 40105 dead token, 50000 timeout; the others (40001 wrong parameter, 40002 no
permission, 40103 unknown refresh token) are the sandbox's own. Faults beyond the generic ones: `throttle`,
`token_expired`, `unknown_column`, `changed_type`.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any, ClassVar

from aiohttp import web

from quanyu.contracts import SHANGHAI
from tests.sandbox.faults import Faults
from tests.sandbox.ocean_dmp import Dmp
from tests.sandbox.ocean_error import OceanError
from tests.sandbox.platform import ENTRY, Clock, Platform
from tests.sandbox.rotation import Rotation
from tests.sandbox.world import World
from tests.sandbox.world.advertising import AdDay, AdLead, lead_id
from tests.sandbox.world.facts import text, yuan
from tests.sandbox.world.systems.ocean_engine import OCEAN_ADVERTISER, days, leads

Row = dict[str, Any]
Asked = Mapping[str, str]

_APP_ID = "1781122334455"
_SECRET = "sandbox-ocean-engine-secret"
_REPORT, _LEADS = "/open_api/v3.0/report/custom/get/", "/open_api/2/tools/clue/get/"
_DMP = "/open_api/2/dmp/"


class OceanEngine(Platform):
    """One advertiser, one app, one living pair of tokens."""

    name: ClassVar[str] = "ocean_engine"

    def __init__(self, world: World, faults: Faults, clock: Clock) -> None:
        super().__init__(world, faults, clock)
        self.tokens = Rotation(clock, "ocean")
        self.dmp = Dmp(clock)

    def routes(self) -> list[web.RouteDef]:
        """The paths below `/open_api`."""
        return [
            web.post("/open_api/oauth2/refresh_token/", self._refreshing),
            web.get(_REPORT, self._answering(self._report)),
            web.get(_LEADS, self._answering(self._leads)),
            web.get(_DMP + "data_source/read/", self._answering(self._data_sources)),
            web.get(_DMP + "custom_audience/select/", self._answering(self._audiences)),
            web.post(_DMP + "data_source/file/upload/", self._taking(self.dmp.upload)),
            web.post(_DMP + "data_source/create/", self._taking(self.dmp.create)),
            web.post(_DMP + "data_source/update/", self._taking(self.dmp.update)),
            web.post(_DMP + "custom_audience/publish/", self._taking(self.dmp.publish)),
        ]

    def connection(self, url: str) -> dict[str, Any]:
        """App credentials and the living tokens."""
        extra = {
            "access_token": self.tokens.access,
            "refresh_token": self.tokens.refresh,
            "account": OCEAN_ADVERTISER,
        }
        return {"conn_type": "http", "host": url, "login": _APP_ID, "password": _SECRET, "extra": extra}

    async def _refreshing(self, request: web.Request) -> web.Response:
        body = await request.json()
        if (str(body.get("app_id")), body.get("secret")) != (_APP_ID, _SECRET):
            return _said(request, 40001, "app_id or secret is wrong")
        if body.get("refresh_token") != self.tokens.refresh:
            return _said(request, 40103, "refresh_token无效或已过期")
        self.tokens.mint()
        data = {
            "access_token": self.tokens.access,
            "expires_in": int(self.tokens.life.total_seconds()),
            "refresh_token": self.tokens.refresh,
            "refresh_token_expires_in": 30 * 86400,
            "advertiser_ids": [int(OCEAN_ADVERTISER)],
        }
        return _said(request, 0, "OK", data)

    def _answering(self, answer: Callable[[Asked], Row]) -> Callable[[web.Request], Any]:
        async def handle(request: web.Request) -> web.Response:
            try:
                self._authorise(request)
                return _said(request, 0, "OK", answer(request.query))
            except OceanError as error:
                return _said(request, error.code, error.message)

        return handle

    def _taking(self, take: Callable[[Any], Row]) -> Callable[[web.Request], Any]:
        """A call with a body, JSON or a form."""

        async def handle(request: web.Request) -> web.Response:
            given = await (request.json() if request.content_type == "application/json" else request.post())

            def answer(_: Asked) -> Row:
                self._own(str(given.get("advertiser_id")))
                return take(given)

            response: web.Response = await self._answering(answer)(request)
            return response

        return handle

    def _data_sources(self, asked: Asked) -> Row:
        self._own(asked.get("advertiser_id"))
        return self.dmp.read(_texts(asked, "data_source_id_list"))

    def _audiences(self, asked: Asked) -> Row:
        self._own(asked.get("advertiser_id"))
        return self.dmp.select(int(asked.get("offset", "0")), int(asked.get("limit", "100")))

    def _own(self, advertiser: str | None) -> None:
        if advertiser != OCEAN_ADVERTISER:
            raise OceanError(40002, "没有权限访问该广告主")

    def _authorise(self, request: web.Request) -> None:
        if self.faults.take("throttle", request.path):
            raise OceanError(40100, "请求过于频繁，请稍后再试")
        if self.faults.take("token_expired", request.path):
            self.tokens.kill()
        if not self.tokens.lives(request.headers.get("Access-Token")):
            raise OceanError(40105, "access_token已过期")

    def _report(self, asked: Asked) -> Row:
        if asked.get("advertiser_id") != OCEAN_ADVERTISER:
            raise OceanError(40002, "没有权限访问该广告主")
        first, last = (_day(asked.get(name, "")) for name in ("start_time", "end_time"))
        if first > last or (last - first).days > 30:
            raise OceanError(40001, "start_time and end_time must span at most 30 days")
        dimensions, metrics = _texts(asked, "dimensions"), _texts(asked, "metrics")
        rows = [
            _shown(of, self.clock.today, dimensions, metrics)
            for of in days(self.world)
            if first <= of.day <= last and of.day <= self.clock.today
        ]
        order = _json(asked, "order_by")
        if order:
            for by in reversed(order):
                rows.sort(key=lambda row: _value(row, by["field"]), reverse=by["type"] == "DESC")
        else:
            random.Random(asked.get("page")).shuffle(rows)
        page = _page(asked, rows, 1000)
        return {"rows": self._drifted(page.pop("list"), "metrics", "stat_cost", _REPORT), **page}

    def _leads(self, asked: Asked) -> Row:
        if [str(one) for one in _json(asked, "advertiser_ids")] != [OCEAN_ADVERTISER]:
            raise OceanError(40002, "没有权限访问该广告主")
        first, last = (_moment(asked.get(name, "")) for name in ("start_time", "end_time"))
        found = [of for of in leads(self.world) if first <= of.left_at <= last and of.left_at < self.clock.end]
        page = _page(asked, [_lead(of, self.clock.end) for of in reversed(found)], 100)
        return {**page, "list": self._drifted(page["list"], "", "create_time_detail", _LEADS)}

    def _drifted(self, rows: list[Row], inside: str, changed: str, path: str) -> list[Row]:
        """Schema drift: a column nobody knows, a text that became a number."""
        is_wider, is_other = self.faults.take("unknown_column", path), self.faults.take("changed_type", path)
        for row in rows:
            into = row[inside] if inside else row
            if is_wider:
                into["x_new_field"] = "17"
            if is_other:
                into[changed] = 17
        return rows


def _shown(of: AdDay, today: date, dimensions: list[str], metrics: list[str]) -> Row:
    converted = of.converted_by(today)
    names = {
        "stat_time_day": of.day.isoformat(),
        "cdp_project_id": str(of.ad.group_id),
        "cdp_project_name": of.ad.group_name,
        "cdp_promotion_id": str(of.ad.id),
        "cdp_promotion_name": of.ad.name,
    }
    figures = {
        "stat_cost": yuan(of.cost_fen),
        "show_cnt": str(of.shown),
        "click_cnt": str(of.clicked),
        "ctr": yuan(of.clicked * 10000 // of.shown if of.shown else 0),
        "cpc_platform": yuan(of.cost_fen // of.clicked if of.clicked else 0),
        "cpm_platform": yuan(of.cost_fen * 1000 // of.shown if of.shown else 0),
        "convert_cnt": str(converted),
        "conversion_cost": yuan(of.cost_fen // converted if converted else 0),
        "conversion_rate": yuan(converted * 10000 // of.clicked if of.clicked else 0),
    }
    if unknown := [*set(dimensions) - set(names), *set(metrics) - set(figures)]:
        raise OceanError(40001, f"unknown column {unknown[0]}")
    return {
        "dimensions": {name: names[name] for name in dimensions},
        "metrics": {name: figures[name] for name in metrics},
    }


def _lead(of: AdLead, end: datetime) -> Row:
    hours = (end - of.left_at).total_seconds() / 3600
    return {
        "clue_id": lead_id(of),
        "advertiser_id": OCEAN_ADVERTISER,
        "ad_id": 0,
        "project_id": of.ad.group_id,
        "promotion_id": of.ad.id,
        "name": of.name,
        "telephone": of.phone,
        "weixin": of.wechat,
        "qq": "",
        "email": of.email,
        "gender": 2,
        "age": 0,
        "province_name": "浙江",
        "city_name": "杭州",
        "clue_type": 1,
        "clue_source": 1,
        # Whoever works on the leads gets to one within a day.
        "clue_state": 1 if hours > 24 else 0,
        "convert_status": "CONVERTED" if hours > 24 else "NOT_CONVERTED",
        "create_time_detail": text(of.left_at),
        "remark_dict": {"宝宝月龄": "6", "想了解": f"门店活动 {of.name}"},
        "module_name": "表单提交",
        "external_url": "https://www.chengzijianzhan.com/tetris/page/7400000000000000001",
        "req_id": of.click_id,
        "tags": ["母婴"],
        "store": {},
    }


def _page(asked: Asked, rows: list[Row], largest: int) -> Row:
    number, size = int(asked.get("page", "1")), int(asked.get("page_size", "10"))
    if number < 1 or not 1 <= size <= largest:
        raise OceanError(40001, f"page must be positive and page_size in 1..{largest}")
    info = {"page": number, "page_size": size, "total_number": len(rows), "total_page": -(-len(rows) // size)}
    return {"list": rows[(number - 1) * size : number * size], "page_info": info}


def _value(row: Row, name: str) -> str:
    return str(row["dimensions"].get(name, row["metrics"].get(name, "")))


def _json(asked: Asked, name: str) -> list[Any]:
    try:
        value = json.loads(asked.get(name, "[]"))
    except ValueError:
        value = None
    if not isinstance(value, list):
        raise OceanError(40001, f"{name} must be a list as JSON text")
    return value


def _texts(asked: Asked, name: str) -> list[str]:
    return [str(one) for one in _json(asked, name)]


def _day(given: str) -> date:
    try:
        return date.fromisoformat(given)
    except ValueError:
        raise OceanError(40001, "a day is written as YYYY-MM-DD") from None


def _moment(given: str) -> datetime:
    try:
        return datetime.strptime(given, "%Y-%m-%d %H:%M:%S").replace(tzinfo=SHANGHAI)
    except ValueError:
        raise OceanError(40001, "a time is written as YYYY-MM-DD HH:MM:SS") from None


def _said(request: web.Request, code: int, message: str, data: Any = None) -> web.Response:
    request[ENTRY]["outcome"] = str(code)
    return web.json_response({"code": code, "message": message, "request_id": "20261120sandbox", "data": data or {}})
