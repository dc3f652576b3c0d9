"""Xiaohongshu advertising (聚光): the offline creative report, and three lists that page in two ways.

From the contract: header `Access-Token`, numbers as strings, `-` where a ratio has no base, paging by `total_count`,
`end_date` no later than the last day that is over, both tokens rotate on refresh, and young days are still growing
(the last two days show 90 and 97 hundredths of their final engagement).

The platform publishes no list of error codes that we could confirm; these are the sandbox's own: 401 bad or expired
token, 429 too many requests, 400 wrong parameter, 403 an advertiser that the token does not cover.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import date
from typing import Any, ClassVar

from aiohttp import web

from tests.sandbox.faults import Faults
from tests.sandbox.platform import ENTRY, Clock, Platform
from tests.sandbox.rotation import Rotation
from tests.sandbox.world import World
from tests.sandbox.world.facts import text
from tests.sandbox.world.model import ADVERTISER, CreativeDay
from tests.sandbox.world.systems.xiaohongshu import Made, structure

Answer = Callable[[dict[str, Any]], dict[str, Any]]

_APP_ID = "20261120"
_SECRET = "sandbox-xhs-secret"
_REPORT = "/jg/data/report/offline"
_CHANGING = {
    "data_list": "fee",
    "base_campaign_dtos": "campaign_enable",
    "unit_infos": "enable",
    "creativity_dtos": "creativity_enable",
}
"""The lists of rows, and in each the field that the fault `changed_type` changes."""


class XhsError(Exception):
    """A refusal in the platform's envelope."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class Xiaohongshu(Platform):
    """One advertiser, one app, one living access token."""

    name: ClassVar[str] = "xiaohongshu"

    def __init__(self, world: World, faults: Faults, clock: Clock) -> None:
        super().__init__(world, faults, clock)
        self.tokens = Rotation(clock, "xhs")

    def routes(self) -> list[web.RouteDef]:
        """Paths below the documented base `/api/open`, which a connection's URL may or may not name."""
        paths: dict[str, Answer] = {
            "/oauth2/refresh_token": self._refresh,
            f"{_REPORT}/creative": self._creative,
            f"{_REPORT}/creativity": self._creative,
            "/jg/campaign/list": self._campaigns,
            "/jg/unit/list": self._units,
            "/jg/creativity/search": self._creatives,
        }
        return [
            web.post(base + path, self._answering(answer, is_open=path.startswith("/oauth2")))
            for base in ("", "/api/open")
            for path, answer in paths.items()
        ]

    def connection(self, url: str) -> dict[str, Any]:
        """App credentials and the living tokens."""
        extra = {
            "access_token": self.tokens.access,
            "refresh_token": self.tokens.refresh,
            "account": ADVERTISER,
        }
        return {"conn_type": "http", "host": url, "login": _APP_ID, "password": _SECRET, "extra": extra}

    def _answering(self, answer: Answer, *, is_open: bool) -> Callable[[web.Request], Any]:
        """Wrap an answer into the envelope, HTTP 200 whatever happens."""

        async def handle(request: web.Request) -> web.Response:
            code, message, data = 0, "成功", None
            try:
                if not is_open:
                    self._authorise(request)
                body = await request.json()
                data = self._drifted(answer(body), request.path)
            except ValueError:
                code, message = 400, "invalid request body"
            except XhsError as error:
                code, message = error.code, error.message
            request[ENTRY]["outcome"] = str(code)
            envelope = {"success": code == 0, "code": code, "msg": message, "data": data, "request_id": "sandbox"}
            return web.json_response(envelope)

        return handle

    def _authorise(self, request: web.Request) -> None:
        if self.faults.take("throttle", request.path):
            raise XhsError(429, "请求过于频繁，请稍后重试")
        if self.faults.take("token_expired", request.path):
            self.tokens.kill()
        if not self.tokens.lives(request.headers.get("Access-Token")):
            raise XhsError(401, "access_token is invalid or expired")

    def _refresh(self, body: dict[str, Any]) -> dict[str, Any]:
        if (str(body.get("app_id")), body.get("secret")) != (_APP_ID, _SECRET):
            raise XhsError(400, "wrong app_id or secret")
        if body.get("refresh_token") != self.tokens.refresh:
            raise XhsError(401, "refresh_token is invalid or expired")
        self.tokens.mint()
        return {
            "access_token": self.tokens.access,
            "access_token_expires_in": int(self.tokens.life.total_seconds()),
            "refresh_token": self.tokens.refresh,
            "refresh_token_expires_in": 7 * 86400,
            "approval_role_type": 4,
            "approval_advertisers": [{"advertiser_id": ADVERTISER, "advertiser_name": "全域母婴"}],
            "platform_type": 1,
        }

    def _campaigns(self, body: dict[str, Any]) -> dict[str, Any]:
        rows = [self._campaign(of) for of in structure(self.world).campaigns]
        number, size = _paging(body, body.get("page") or {}, "page_index")
        return {
            "page": {"page_index": number, "total_count": len(rows)},
            "base_campaign_dtos": _cut(rows, number, size),
        }

    def _units(self, body: dict[str, Any]) -> dict[str, Any]:
        rows = [self._unit(of) for of in structure(self.world).units]
        number, size = _paging(body, body, "page")
        return {"total_count": len(rows), "unit_infos": _cut(rows, number, size)}

    def _creatives(self, body: dict[str, Any]) -> dict[str, Any]:
        rows = [self._creative_dto(of) for of in structure(self.world).creatives]
        number, size = _paging(body, body.get("page") or {}, "page_index")
        return {"page": {"page_index": number, "total_count": len(rows)}, "creativity_dtos": _cut(rows, number, size)}

    def _campaign(self, of: Made) -> dict[str, Any]:
        end = self.clock.end
        return {
            "campaign_id": of.id,
            "campaign_name": of.name,
            "campaign_enable": int(of.runs(end)),
            "campaign_filter_state": 1 if of.runs(end) else 2,
            "marketing_target": 4,
            "placement": 1,
            "optimize_target": 0,
            "bidding_strategy": 2,
            "limit_day_budget": 1,
            "campaign_day_budget": 50_000,
            "start_time": text(of.created_at)[:10],
            "expire_time": "2027-12-31",
            "campaign_create_time": text(of.created_at),
            "campaign_update_time": text(of.updated(end)),
        }

    def _unit(self, of: Made) -> dict[str, Any]:
        end = self.clock.end
        return {
            "id": of.id,
            "campaign_id": of.campaign_id,
            "name": of.name,
            "enable": int(of.runs(end)),
            "unit_filter_state": 3 if of.runs(end) else 4,
            "event_bid": 120,
            "target_type": 1,
            "note_ids": [of.note_id],
            "create_time": text(of.created_at),
            "update_time": text(of.updated(end)),
        }

    def _creative_dto(self, of: Made) -> dict[str, Any]:
        end = self.clock.end
        return {
            "creativity_id": of.id,
            "campaign_id": of.campaign_id,
            "unit_id": of.unit_id,
            "creativity_name": of.name,
            "creativity_enable": int(of.runs(end)),
            "creativity_filter_state": 1 if of.runs(end) else 3,
            "audit_status": 200,
            "material_type": 1,
            "conversion_type": 0,
            "note_id": of.note_id,
            "note_type": 1,
            "creativity_create_time": text(of.created_at),
            "creativity_update_time": text(of.updated(end)),
        }

    def _creative(self, body: dict[str, Any]) -> dict[str, Any]:
        first, last = _dates(body, self.clock.today)
        number, size = int(body.get("page_num", 1)), int(body.get("page_size", 20))
        if not 1 <= size <= 1000 or number < 1:
            raise XhsError(400, "page_num must be positive and page_size in 1..1000")
        split = "placement" in body.get("split_columns", [])
        grouped: dict[tuple[str, ...], list[CreativeDay]] = defaultdict(list)
        for row in self.world.creative_days:
            if first <= row.day <= last:
                placement = (row.placement,) if split else ()
                grouped[(row.day.isoformat(), row.creative.creativity_id, *placement)].append(row)
        page = sorted(grouped)[(number - 1) * size : number * size]
        rows = [self._row(grouped[key], split=split) for key in page]
        return {"total_count": len(grouped), "data_list": rows}

    def _row(self, days: list[CreativeDay], *, split: bool) -> dict[str, Any]:
        """One line of the report, every number a string."""
        creative, age = days[0].creative, (self.clock.today - days[0].day).days
        seen = {0: 90, 1: 97}.get(age, 100)

        def total(name: str, ripeness: int = 100) -> int:
            return sum(getattr(day, name) * ripeness // 100 for day in days)

        engagement = {name: total(name, seen) for name in ("like", "comment", "collect", "follow", "share")}
        fee, impression, click = total("fee_fen"), total("impression"), total("click")
        row = {
            "time": days[0].day.isoformat(),
            "campaign_id": creative.campaign_id,
            "campaign_name": creative.campaign_name,
            "unit_id": creative.unit_id,
            "creativity_id": creative.creativity_id,
            "creativity_name": creative.creativity_name,
            "note_id": creative.note_id,
            "fee": _yuan(fee),
            "impression": str(impression),
            "click": str(click),
            "ctr": _ratio(click * 10000, impression),
            "acp": _ratio(fee, click),
            "cpm": _ratio(fee * 1000, impression),
            **{name: str(value) for name, value in engagement.items()},
            "interaction": str(sum(engagement.values())),
        }
        return {**row, "placement": days[0].placement} if split else row

    def _drifted(self, data: dict[str, Any], path: str) -> dict[str, Any]:
        """Schema drift: a column nobody knows, a fee that became a number, a state that became a word."""
        rows: Iterable[dict[str, Any]] = next((data[name] for name in _CHANGING if name in data), ())
        if self.faults.take("unknown_column", path):
            for row in rows:
                row["x_new_field"] = "17"
        if self.faults.take("changed_type", path):
            for row in rows:
                name = next(_CHANGING[name] for name in _CHANGING if name in data)
                row[name] = float(row[name]) if name == "fee" else str(row[name])
        return data


def _dates(body: dict[str, Any], today: date) -> tuple[date, date]:
    """The asked days. Raises XhsError for a wrong advertiser, unit or day."""
    if str(body.get("advertiser_id")) != ADVERTISER:
        raise XhsError(403, "no permission for this advertiser")
    if body.get("time_unit", "DAY") != "DAY":
        raise XhsError(400, "the sandbox reports by DAY only")
    try:
        first, last = date.fromisoformat(body["start_date"]), date.fromisoformat(body["end_date"])
    except (KeyError, TypeError):
        raise XhsError(400, "start_date and end_date are required as yyyy-MM-dd") from None
    if first > last or last > today:
        raise XhsError(400, f"end_date must not be later than {today}")
    return first, last


def _paging(body: dict[str, Any], page: Any, name: str) -> tuple[int, int]:
    """The asked page. Raises XhsError for a wrong advertiser or page, also for one in another list's way."""
    if str(body.get("advertiser_id")) != ADVERTISER:
        raise XhsError(403, "no permission for this advertiser")
    number, size = (page.get(name), page.get("page_size")) if isinstance(page, dict) else (None, None)
    if not (isinstance(number, int) and isinstance(size, int) and number >= 1 and 1 <= size <= 100):
        raise XhsError(400, f"{name} and page_size (at most 100) are required")
    return number, size


def _cut(rows: list[dict[str, Any]], number: int, size: int) -> list[dict[str, Any]]:
    return rows[(number - 1) * size : number * size]


def _yuan(fen: int) -> str:
    return f"{fen // 100}.{fen % 100:02d}"


def _ratio(hundredths: int, base: int) -> str:
    """A ratio with two decimals, `-` when there is nothing to divide by."""
    return _yuan(hundredths // base) if base else "-"
