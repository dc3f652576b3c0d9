"""Bilibili's open platform: the archives of one account and their figures.

As ten public programs agree: six `x-bili-` headers and the token, signed with HMAC-SHA256; a timestamp off by more
than ten minutes or a nonce used twice is refused; `expires_in` is a moment; a refresh token works once. Some archives'
figures come as text. All codes are those of Bilibili's other interfaces: -3 signature, -101 token, -400 parameter,
-403 permission, -799 too often. Faults beyond the generic ones: `throttle`, `token_expired`, `unknown_column`,
`changed_type`.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from aiohttp import web

from tests.sandbox.faults import Faults
from tests.sandbox.platform import ENTRY, Clock, Platform
from tests.sandbox.rotation import Rotation
from tests.sandbox.world import World
from tests.sandbox.world.systems.bilibili import BILIBILI_ACCOUNT, Archive, archives, followers

Row = dict[str, Any]
Asked = Mapping[str, str]

_KEY = "client-id-1"
_SECRET = "sandbox-bilibili-secret"
_SIGNED = ("accesskeyid", "content-md5", "signature-method", "signature-nonce", "signature-version", "timestamp")
_ARCHIVES, _STAT, _USER = "/arcopen/fn/archive/viewlist", "/arcopen/fn/data/arc/stat", "/arcopen/fn/data/user/stat"


class BiliError(Exception):
    """A refusal in the platform's envelope."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class Bilibili(Platform):
    """One account, one app, one living pair of tokens; both hosts on one port."""

    name: ClassVar[str] = "bilibili"

    def __init__(self, world: World, faults: Faults, clock: Clock) -> None:
        super().__init__(world, faults, clock)
        self.tokens = Rotation(clock, "bili")
        self._nonces: set[str] = set()

    def routes(self) -> list[web.RouteDef]:
        """The token call and the three reads."""
        return [
            web.post("/x/account-oauth2/v1/refresh_token", self._refreshing),
            web.get(_ARCHIVES, self._answering(self._archives)),
            web.get(_STAT, self._answering(self._stat)),
            web.get(_USER, self._answering(self._user)),
        ]

    def connection(self, url: str) -> dict[str, Any]:
        """App key and secret, the living tokens, and where tokens are given out."""
        extra = {
            "access_token": self.tokens.access,
            "refresh_token": self.tokens.refresh,
            "token_url": url,
            "account": BILIBILI_ACCOUNT,
        }
        return {"conn_type": "http", "host": url, "login": _KEY, "password": _SECRET, "extra": extra}

    async def _refreshing(self, request: web.Request) -> web.Response:
        given = {**request.query, **await request.post()}
        if (given.get("client_id"), given.get("client_secret")) != (_KEY, _SECRET):
            return _said(request, -3, "client_secret错误")
        if given.get("grant_type") != "refresh_token" or given.get("refresh_token") != self.tokens.refresh:
            return _said(request, -101, "refresh_token已失效")
        self.tokens.mint()
        data = {
            "access_token": self.tokens.access,
            "refresh_token": self.tokens.refresh,
            "expires_in": int((self.clock.now() + self.tokens.life).timestamp()),
            "scopes": ["USER_INFO", "ARC_BASE", "ARC_DATA"],
        }
        return _said(request, 0, "0", data)

    def _answering(self, answer: Callable[[Asked], Row]) -> Callable[[web.Request], Any]:
        async def handle(request: web.Request) -> web.Response:
            try:
                self._authorise(request, await request.read())
                return _said(request, 0, "0", answer(request.query))
            except BiliError as error:
                return _said(request, error.code, error.message)

        return handle

    def _authorise(self, request: web.Request, body: bytes) -> None:
        if self.faults.take("throttle", request.path):
            raise BiliError(-799, "请求过于频繁，请稍后再试")
        given = {f"x-bili-{name}": request.headers.get(f"x-bili-{name}", "") for name in _SIGNED}
        text = "\n".join(f"{name}:{given[name]}" for name in sorted(given))
        expected = hmac.new(_SECRET.encode(), text.encode(), hashlib.sha256).hexdigest()
        is_whole = given["x-bili-content-md5"] == hashlib.md5(body).hexdigest()
        if request.headers.get("Authorization") != expected or not is_whole or given["x-bili-accesskeyid"] != _KEY:
            raise BiliError(-3, "API 校验密匙错误")
        if abs(self.clock.now().timestamp() - float(given["x-bili-timestamp"] or 0)) > 600:
            raise BiliError(-3, "x-bili-timestamp 已过期")
        if given["x-bili-signature-nonce"] in self._nonces:
            raise BiliError(-3, "x-bili-signature-nonce 重复")
        self._nonces.add(given["x-bili-signature-nonce"])
        if self.faults.take("token_expired", request.path):
            self.tokens.kill()
        if not self.tokens.lives(request.headers.get("access-token")):
            raise BiliError(-101, "access_token已失效")

    def _archives(self, given: Asked) -> Row:
        number, size, status = int(given.get("pn", "1")), int(given.get("ps", "20")), given.get("status", "all")
        if number < 1 or not 1 <= size <= 50 or status not in {"all", "is_pubing", "pubed", "not_pubed"}:
            raise BiliError(-400, "pn must be positive, ps in 1..50, status a known one")
        end = self.clock.end
        found = [of for of in reversed(archives(self.world)) if of.created_at < end]
        found = [of for of in found if status == "all" or of.is_published(end) is (status == "pubed")]
        rows = [self._archive(of) for of in found[(number - 1) * size : number * size]]
        page = {"pn": number, "ps": size, "total": len(found)}
        return {"list": self._drifted(rows, "ctime", _ARCHIVES), "page": page}

    def _archive(self, of: Archive) -> Row:
        is_published = of.is_published(self.clock.end)
        return {
            "resource_id": of.resource_id,
            "title": of.title,
            "desc": f"{of.title}，全域母婴课堂",
            "tag": "母婴,育儿",
            "tid": 254,
            "cover": f"https://i0.hdslb.com/bfs/archive/{of.number:08d}.jpg",
            "copyright": 1,
            "no_reprint": 1,
            "ctime": int(of.created_at.timestamp()),
            "ptime": int(of.published_at.timestamp()) if is_published else 0,
            "addit_info": {
                "state": 0 if is_published else -30,
                "state_desc": "开放浏览" if is_published else "审核中",
                "reject_reason": "",
            },
            "video_info": {
                "cid": 26_300_318_231 + of.number,
                "duration": 95 + of.number,
                "share_url": f"https://www.bilibili.com/video/{of.resource_id}",
            },
        }

    def _stat(self, given: Asked) -> Row:
        of = next((one for one in archives(self.world) if one.resource_id == given.get("resource_id")), None)
        if of is None or not of.is_published(self.clock.end):
            raise BiliError(-404, "啥都木有")
        figures: Row = dict(of.figures(self.clock.end))
        if of.number % 2:
            figures = {name: str(value) for name, value in figures.items()}
        row = {"title": of.title, "ptime": int(of.published_at.timestamp()), **figures}
        return self._drifted([row], "view", _STAT)[0]

    def _user(self, _: Asked) -> Row:
        end = self.clock.end
        row = {
            "follower": followers(self.world, end),
            "following": 12,
            "arc_passed_total": sum(of.is_published(end) for of in archives(self.world)),
        }
        return self._drifted([row], "follower", _USER)[0]

    def _drifted(self, rows: list[Row], changed: str, path: str) -> list[Row]:
        """Schema drift: a column nobody knows, a figure that became a list."""
        is_wider, is_other = self.faults.take("unknown_column", path), self.faults.take("changed_type", path)
        for row in rows:
            if is_wider:
                row["x_new_field"] = "17"
            if is_other:
                row[changed] = [row[changed]]
        return rows


def _said(request: web.Request, code: int, message: str, data: Any = None) -> web.Response:
    request[ENTRY]["outcome"] = str(code)
    envelope = {"code": code, "message": message, "ttl": 1, "request_id": "sandbox", "data": data}
    return web.json_response(envelope)
