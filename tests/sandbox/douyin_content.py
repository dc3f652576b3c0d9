"""The open platform of Douyin (抖音): the videos of one account, its figures by day, and its tokens.

From the contract: `access-token` in the header, HTTP 200 whatever happens, `error_code` inside `data` and `extra`,
a cursor with `has_more`, 7, 15 or 30 days of figures, those of videos of the last 30 days only, numbers as numbers
and as texts by turns, forms for tokens, a refresh token whose life does not move and that is renewed five times.

The sandbox's own: 28001007 for whatever is wrong in a parameter, 10002 for a wrong app, an empty list of an older
video. Faults beyond the generic ones: `throttle`, `token_expired`, `busy` (28001005), `unknown_column`,
`changed_type`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any, ClassVar

from aiohttp import web

from tests.sandbox.faults import Faults
from tests.sandbox.platform import ENTRY, Clock, Platform
from tests.sandbox.rotation import Rotation
from tests.sandbox.world import World
from tests.sandbox.world.systems import douyin_content as chapter

Row = dict[str, Any]
Asked = Mapping[str, str]

_CLIENT_KEY = "aw0quanyudouyin01"
_VIDEOS = "/api/douyin/v1/video/video_list/"
_YOUNG = timedelta(days=30)
_USER = {
    "item": ("new_issue", "new_play", "total_issue"),
    "fans": ("new_fans", "total_fans"),
    "like": ("new_like",),
    "comment": ("new_comment",),
    "share": ("new_share",),
    "profile": ("profile_uv",),
}
_RENEWALS = 5


class DouyinError(Exception):
    """An `error_code` with its words."""

    def __init__(self, code: int, words: str) -> None:
        super().__init__(words)
        self.code = code
        self.words = words


class DouyinContent(Platform):
    """One account that allowed one app."""

    name: ClassVar[str] = "douyin_content"

    def __init__(self, world: World, faults: Faults, clock: Clock) -> None:
        super().__init__(world, faults, clock)
        self.tokens = Rotation(clock, "douyin-open", life=timedelta(days=15))
        self.refresh_ends_at = clock.now() + _YOUNG
        self.renewals = 0

    def routes(self) -> list[web.RouteDef]:
        """Tokens, videos and figures."""
        return [
            web.post("/oauth/refresh_token/", self._form(self._refresh)),
            web.post("/oauth/renew_refresh_token/", self._form(self._renew)),
            web.get(_VIDEOS, self._answering(self._videos)),
            web.get("/data/external/item/base/", self._answering(self._base)),
            *(
                web.get(f"/data/external/item/{what}/", self._answering(self._item_days(what)))
                for what in ("play", "like", "comment", "share")
            ),
            *(
                web.get(f"/data/external/user/{what}/", self._answering(self._user_days(what, fields)))
                for what, fields in _USER.items()
            ),
        ]

    def connection(self, url: str) -> Row:
        """The app, the refresh token of the account's authorisation, and the account."""
        extra = {"account": chapter.OPEN_ID}
        return {"conn_type": "http", "host": url, "login": _CLIENT_KEY, "password": self.tokens.refresh, "extra": extra}

    def _form(self, answer: Callable[[Asked], Row]) -> Callable[[web.Request], Any]:
        async def handle(request: web.Request) -> web.Response:
            asked = {name: str(value) for name, value in (await request.post()).items()}
            return self._said(request, lambda: answer(asked))

        return handle

    def _answering(self, answer: Callable[[Asked, str], Row]) -> Callable[[web.Request], Any]:
        async def handle(request: web.Request) -> web.Response:
            def admitted() -> Row:
                self._admit(request)
                return answer(request.query, request.path)

            return self._said(request, admitted)

        return handle

    def _said(self, request: web.Request, answer: Callable[[], Row]) -> web.Response:
        code, words, data = 0, "", {}
        try:
            data = answer()
        except DouyinError as error:
            code, words = error.code, error.words
        request[ENTRY]["outcome"] = str(code)
        # A number in one half of the calls, a text in the other, as in samples of the platform.
        said = str(code) if len(self.journal) % 2 else code
        extra = {"error_code": code, "sub_error_code": 0, "logid": "20261121sandbox", "now": 0, "description": words}
        return web.json_response({"data": {**data, "error_code": said, "description": words}, "extra": extra})

    def _admit(self, request: web.Request) -> None:
        if self.faults.take("throttle", request.path):
            raise DouyinError(28003017, "quota已用完")
        if self.faults.take("busy", request.path):
            raise DouyinError(28001005, "系统内部错误，请重试")
        if self.faults.take("token_expired", request.path):
            self.tokens.kill()
        token = request.headers.get("access-token")
        if token != self.tokens.access:
            raise DouyinError(28001003, "access_token无效")
        if not self.tokens.lives(token):
            raise DouyinError(28001008, "access_token过期,请刷新或重新授权")
        if request.query.get("open_id") != chapter.OPEN_ID:
            raise DouyinError(28001007, "open_id不正确")

    def _refresh(self, asked: Asked) -> Row:
        self._check_refresh(asked)
        if asked.get("grant_type") != "refresh_token":
            raise DouyinError(28001007, "grant_type不正确")
        self.tokens.mint_access()
        return {
            "access_token": self.tokens.access,
            "expires_in": str(int(self.tokens.life.total_seconds())),
            "refresh_token": self.tokens.refresh,
            "refresh_expires_in": str(int((self.refresh_ends_at - self.clock.now()).total_seconds())),
            "open_id": chapter.OPEN_ID,
            "scope": "user_info,video.list.bind,data.external.item,data.external.user",
        }

    def _renew(self, asked: Asked) -> Row:
        self._check_refresh(asked)
        if self.renewals >= _RENEWALS:
            raise DouyinError(10020, "refresh_token续期次数已用完")
        self.renewals += 1
        access = self.tokens.access
        self.tokens.mint()
        self.tokens.access, self.refresh_ends_at = access, self.clock.now() + _YOUNG
        return {"refresh_token": self.tokens.refresh, "expires_in": str(int(_YOUNG.total_seconds()))}

    def _check_refresh(self, asked: Asked) -> None:
        if asked.get("client_key") != _CLIENT_KEY:
            raise DouyinError(10002, "client_key不正确")
        if asked.get("refresh_token") != self.tokens.refresh or self.clock.now() >= self.refresh_ends_at:
            raise DouyinError(10010, "refresh_token过期,请重新授权")

    def _videos(self, asked: Asked, path: str) -> Row:
        cursor, count = asked.get("cursor", ""), asked.get("count", "")
        if not cursor.isdigit() or not count.isdigit() or not 1 <= int(count) <= 20:
            raise DouyinError(28001007, "cursor或count不正确")
        there = [video for video in reversed(chapter.videos(self.world)) if video.exists(self.clock.end)]
        first, last = int(cursor), int(cursor) + int(count)
        rows = self._drifted([self._video(video) for video in there[first:last]], path, "create_time")
        return {"list": rows, "cursor": last, "has_more": last < len(there)}

    def _video(self, video: chapter.Video) -> Row:
        sums = video.until(self.clock.end)
        named = {"play": sums["play"], "digg": sums["like"], "comment": sums["comment"], "share": sums["share"]}
        statistics = {f"{name}_count": value for name, value in {**named, "download": 0, "forward": 0}.items()}
        return {
            "item_id": video.item_id,
            "title": video.title,
            "create_time": int(video.created_at.timestamp()),
            "share_url": f"https://www.iesdouyin.com/share/video/{video.number}",
            "media_type": 4,
            "video_status": 5,
            "statistics": {name: _turn(value, video.number) for name, value in statistics.items()},
        }

    def _young(self, asked: Asked) -> chapter.Video | None:
        found = [video for video in chapter.videos(self.world) if video.item_id == asked.get("item_id")]
        if not found or not found[0].exists(self.clock.end):
            raise DouyinError(28001007, "item_id不正确")
        return found[0] if found[0].created_at >= self.clock.end - _YOUNG else None

    def _base(self, asked: Asked, _: str) -> Row:
        video = self._young(asked)
        if video is None:
            return {"result": {}}
        sums = {f"total_{name}": value for name, value in video.until(self.clock.end).items()}
        return {"result": {"avg_play_duration": 9.5 + video.number, **sums}}

    def _item_days(self, what: str) -> Callable[[Asked, str], Row]:
        def answer(asked: Asked, path: str) -> Row:
            video = self._young(asked)
            if video is None:
                return {"result_list": []}
            days = [day for day in self._days(asked) if day >= video.created_at.date()]
            rows = [{"date": day.isoformat(), what: _turn(video.on(day)[what], day.day)} for day in days]
            return {"result_list": self._drifted(rows, path, what)}

        return answer

    def _user_days(self, what: str, fields: tuple[str, ...]) -> Callable[[Asked, str], Row]:
        def answer(asked: Asked, path: str) -> Row:
            rows = []
            for day in self._days(asked):
                figures = chapter.account_on(self.world, day)
                rows.append({"date": day.isoformat(), **{name: _turn(figures[name], day.day) for name in fields}})
            return {"result_list": self._drifted(rows, path, fields[0])}

        return answer

    def _days(self, asked: Asked) -> list[Any]:
        if asked.get("date_type") not in {"7", "15", "30"}:
            raise DouyinError(28001007, "date_type不正确")
        return [self.clock.today - timedelta(days=ago) for ago in reversed(range(int(asked["date_type"])))]

    def _drifted(self, rows: list[Row], path: str, changed: str) -> list[Row]:
        """Schema drift: a field nobody knows, a number that became a list."""
        is_wider, is_other = self.faults.take("unknown_column", path), self.faults.take("changed_type", path)
        for row in rows:
            row.update({"x_new_field": "1"} if is_wider else {}, **({changed: [row[changed]]} if is_other else {}))
        return rows


def _turn(value: int, number: int) -> int | str:
    """A number, or its text, by turns."""
    return str(value) if number % 2 else value
