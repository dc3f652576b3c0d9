"""Xiaohongshu advertising (聚光): the offline creative report.

From the contract: header `Access-Token`, numbers as strings, `-` where a ratio has no base, paging by `total_count`,
`end_date` no later than the last day that is over, both tokens rotate on refresh, and young days are still growing
(the last two days show 90 and 97 hundredths of their final engagement).

The platform publishes no list of error codes that we could confirm; these are the sandbox's own: 401 bad or expired
token, 429 too many requests, 400 wrong parameter, 403 an advertiser that the token does not cover.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import date, datetime, timedelta
from typing import Any, ClassVar

from aiohttp import web

from tests.sandbox.faults import Faults
from tests.sandbox.platform import ENTRY, Clock, Platform
from tests.sandbox.world import World
from tests.sandbox.world.model import ADVERTISER, CreativeDay

Answer = Callable[[dict[str, Any]], dict[str, Any]]

_APP_ID = "20261120"
_SECRET = "sandbox-xhs-secret"
_TOKEN_LIFE = timedelta(hours=24)
_REPORT = "/jg/data/report/offline"


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
        self._numbers = itertools.count(1)
        self._mint()

    def routes(self) -> list[web.RouteDef]:
        """Paths below the documented base `/api/open`, which a connection's URL may or may not name."""
        paths: dict[str, Answer] = {
            "/oauth2/refresh_token": self._refresh,
            f"{_REPORT}/creative": self._creative,
            f"{_REPORT}/creativity": self._creative,
        }
        return [
            web.post(base + path, self._answering(answer, is_open=path.startswith("/oauth2")))
            for base in ("", "/api/open")
            for path, answer in paths.items()
        ]

    def connection(self, url: str) -> dict[str, Any]:
        """App credentials and the living tokens."""
        extra = {"access_token": self._access, "refresh_token": self._refresh_token, "account": ADVERTISER}
        return {"conn_type": "http", "host": url, "login": _APP_ID, "password": _SECRET, "extra": extra}

    def _mint(self) -> dict[str, Any]:
        """Give out a fresh pair of tokens; the old pair is dead."""
        number = next(self._numbers)
        self._access, self._refresh_token = f"xhs-access-{number:06d}", f"xhs-refresh-{number:06d}"
        self._dies_at: datetime = self.clock.now() + _TOKEN_LIFE
        return {
            "access_token": self._access,
            "access_token_expires_in": int(_TOKEN_LIFE.total_seconds()),
            "refresh_token": self._refresh_token,
            "refresh_token_expires_in": 7 * 86400,
            "approval_role_type": 4,
            "approval_advertisers": [{"advertiser_id": ADVERTISER, "advertiser_name": "全域母婴"}],
            "platform_type": 1,
        }

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
            self._dies_at = self.clock.now()
        if request.headers.get("Access-Token") != self._access or self.clock.now() >= self._dies_at:
            raise XhsError(401, "access_token is invalid or expired")

    def _refresh(self, body: dict[str, Any]) -> dict[str, Any]:
        if (str(body.get("app_id")), body.get("secret")) != (_APP_ID, _SECRET):
            raise XhsError(400, "wrong app_id or secret")
        if body.get("refresh_token") != self._refresh_token:
            raise XhsError(401, "refresh_token is invalid or expired")
        return self._mint()

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
        """Schema drift: a column nobody knows, a fee that became a number."""
        rows: Iterable[dict[str, Any]] = data.get("data_list", ())
        if self.faults.take("unknown_column", path):
            for row in rows:
                row["video_play_cnt"] = "17"
        if self.faults.take("changed_type", path):
            for row in rows:
                row["fee"] = float(row["fee"])
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


def _yuan(fen: int) -> str:
    return f"{fen // 100}.{fen % 100:02d}"


def _ratio(hundredths: int, base: int) -> str:
    """A ratio with two decimals, `-` when there is nothing to divide by."""
    return _yuan(hundredths // base) if base else "-"
