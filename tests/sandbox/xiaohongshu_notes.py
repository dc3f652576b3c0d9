"""Xiaohongshu's creators (蒲公英): the notes of one brand account.

From the contract and one public SDK: the same envelope and the same turning tokens as the advertising interface, the
token as `Authorization: Bearer` (unconfirmed), at most 30 days and 100 rows a call, by day of publication
(`date_type` 2), paging by `total_page`. Codes are the sandbox's own, as there.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any, ClassVar

from aiohttp import web

from tests.sandbox.faults import Faults
from tests.sandbox.platform import ENTRY, Clock, Platform
from tests.sandbox.rotation import Rotation
from tests.sandbox.world import World
from tests.sandbox.world.facts import text
from tests.sandbox.world.systems.xiaohongshu_notes import BRAND_USER, Note, notes

Row = dict[str, Any]

_APP_ID = "20261121"
_SECRET = "sandbox-xhs-notes-secret"
_NOTES = "/api/open/pgy/note/post/data"


class NotesError(Exception):
    """A refusal in the platform's envelope."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class XiaohongshuNotes(Platform):
    """One brand account, one app, one living pair of tokens."""

    name: ClassVar[str] = "xiaohongshu_notes"

    def __init__(self, world: World, faults: Faults, clock: Clock) -> None:
        super().__init__(world, faults, clock)
        self.tokens = Rotation(clock, "xhs-notes")

    def routes(self) -> list[web.RouteDef]:
        """The token call and the list."""
        return [
            web.post("/api/open/oauth2/refresh_token", self._answering(self._refresh, is_open=True)),
            web.post(_NOTES, self._answering(self._notes)),
        ]

    def connection(self, url: str) -> dict[str, Any]:
        """App credentials and the living tokens."""
        extra = {
            "access_token": self.tokens.access,
            "refresh_token": self.tokens.refresh,
            "account": BRAND_USER,
        }
        return {"conn_type": "http", "host": url, "login": _APP_ID, "password": _SECRET, "extra": extra}

    def _answering(self, answer: Callable[[Row], Row], *, is_open: bool = False) -> Callable[[web.Request], Any]:
        async def handle(request: web.Request) -> web.Response:
            code, message, data = 0, "成功", None
            try:
                if not is_open:
                    self._authorise(request)
                data = answer(await request.json())
            except NotesError as error:
                code, message = error.code, error.message
            request[ENTRY]["outcome"] = str(code)
            envelope = {"success": code == 0, "code": code, "msg": message, "data": data, "request_id": "sandbox"}
            return web.json_response(envelope)

        return handle

    def _authorise(self, request: web.Request) -> None:
        if self.faults.take("throttle", request.path):
            raise NotesError(429, "请求过于频繁，请稍后重试")
        if self.faults.take("token_expired", request.path):
            self.tokens.kill()
        if not self.tokens.lives(request.headers.get("Authorization", "").removeprefix("Bearer ")):
            raise NotesError(401, "access_token is invalid or expired")

    def _refresh(self, body: Row) -> Row:
        if (str(body.get("app_id")), body.get("secret")) != (_APP_ID, _SECRET):
            raise NotesError(400, "wrong app_id or secret")
        if body.get("refresh_token") != self.tokens.refresh:
            raise NotesError(401, "refresh_token is invalid or expired")
        self.tokens.mint()
        return {
            "access_token": self.tokens.access,
            "access_token_expires_in": int(self.tokens.life.total_seconds()),
            "refresh_token": self.tokens.refresh,
            "refresh_token_expires_in": 7 * 86400,
            "platform_type": 2,
        }

    def _notes(self, body: Row) -> Row:
        if body.get("user_id") != BRAND_USER:
            raise NotesError(403, "no permission for this user_id")
        try:
            first, last = date.fromisoformat(body["start_time"]), date.fromisoformat(body["end_time"])
            number, size = int(body["page_num"]), int(body["page_size"])
        except (KeyError, TypeError, ValueError):
            raise NotesError(400, "start_time, end_time, page_num and page_size are required") from None
        if first > last or (last - first).days > 30 or body.get("date_type") != 2 or not 1 <= size <= 100:
            raise NotesError(400, "at most 30 days and 100 rows, by day of publication")
        end = self.clock.end
        found = [of for of in notes(self.world) if first <= of.published_at.date() <= last and of.published_at < end]
        page = [self._note(of) for of in found[(number - 1) * size : number * size]]
        return {
            "total": len(found),
            "page_num": number,
            "page_size": size,
            "total_page": -(-len(found) // size),
            "datas": self._drifted(page),
        }

    def _note(self, of: Note) -> Row:
        read = of.read(self.clock.end)
        return {
            "date_key": f"{self.clock.today:%Y%m%d}",
            "operate_user_name": "运营小李",
            "brand_user_id": BRAND_USER,
            "brand_user_name": "全域母婴",
            "spu_name": "婴幼儿配方奶粉",
            "order_id": of.note_id[::-1],
            "note_id": of.note_id,
            "note_title": of.title,
            "note_type": 1,
            "note_publish_time": text(of.published_at),
            "kol_id": of.kol_id,
            "kol_nick_name": of.kol_name,
            "kol_link": f"https://www.xiaohongshu.com/user/profile/{of.kol_id}",
            "kol_fan_num": of.fans,
            "kol_price": of.price,
            "total_platform_price": of.price // 10,
            "imp_num": read * 9,
            "promotion_imp_num": read * 3,
            "read_num": read,
            "promotion_read_num": read // 3,
            "engage_num": read // 8,
            "like_num": read // 12,
            "fav_num": read // 25,
            "cmt_num": read // 60,
            "share_num": read // 80,
        }

    def _drifted(self, rows: list[Row]) -> list[Row]:
        """Schema drift: a column nobody knows, a figure that became a text."""
        is_wider, is_other = self.faults.take("unknown_column", _NOTES), self.faults.take("changed_type", _NOTES)
        for row in rows:
            if is_wider:
                row["x_new_field"] = "17"
            if is_other:
                row["read_num"] = str(row["read_num"])
        return rows
