"""A WeChat official account (公众号, a service account): tokens, fans in pages, mass sends.

GET  /cgi-bin/token                a new token kills the one before
POST /cgi-bin/stable_token         never touches the above; the same token for as long as it lives
GET  /cgi-bin/user/get             openids, `page_size` a page, an empty page at the end
GET  /cgi-bin/user/info            one fan
POST /cgi-bin/user/info/batchget   up to 100 fans
POST /cgi-bin/message/mass/send    one text to 2..10 000 fans, `clientmsgid` against repeats
POST /cgi-bin/message/mass/get     how far a mass send got

Fans are shown as they stood at the midnight that ended the world's `today`. Messages go out on the day after
it: who unsubscribes on that day is taken and not reached.
"""

from __future__ import annotations

import bisect
import hashlib
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from aiohttp import web

from tests.sandbox.faults import Faults
from tests.sandbox.mass_send import MassSends
from tests.sandbox.platform import Clock
from tests.sandbox.weixin import Answer, Refusal, Weixin
from tests.sandbox.world import World
from tests.sandbox.world.model import APPID, Follower

SECRET = "sandbox-secret-official-account"


class OfficialAccount(Weixin):
    """State and routes of one account; `page_size` and the quotas are attributes a test may change."""

    name = "official_account"
    killed_code = 40001
    throttled = (45011, "api minute-quota reach limit, must slower, retry next minute")

    def __init__(self, world: World, faults: Faults, clock: Clock) -> None:
        super().__init__(world, faults, clock)
        self.page_size = 500
        self.daily_quota = {
            "/cgi-bin/token": 2_000,
            "/cgi-bin/user/get": 500,
            "/cgi-bin/message/mass/send": 100,
            "force_refresh": 20,
        }
        self.minute_quota = {"/cgi-bin/message/mass/send": 60}
        self.mass_sends = MassSends(clock, self.deliveries, self._fan)
        self._newest = ""
        self._stable = ""
        self._forced_at: datetime | None = None
        self._seen_at: datetime | None = None
        self._seen: dict[str, Follower] = {}

    def connection(self, url: str) -> dict[str, Any]:
        """Log in with appid and secret."""
        return {"conn_type": "http", "host": url, "login": APPID, "password": SECRET, "extra": {}}

    def routes(self) -> list[web.RouteDef]:
        """What `api.weixin.qq.com` serves of this account."""
        return [
            web.get("/cgi-bin/token", self.serve(self._token, has_token=False)),
            web.post("/cgi-bin/stable_token", self.serve(self._stable_token, has_token=False)),
            web.get("/cgi-bin/user/get", self.serve(self._openids)),
            web.get("/cgi-bin/user/info", self.serve(self._one)),
            web.post("/cgi-bin/user/info/batchget", self.serve(self._many)),
            web.post("/cgi-bin/message/mass/send", self.serve(self.mass_sends.send)),
            web.post("/cgi-bin/message/mass/get", self.serve(self.mass_sends.state)),
        ]

    def explain(self, refusal: Refusal) -> str:
        """End every message with the request id that support asks for."""
        digest = hashlib.md5(f"rid-{self.refusals}".encode()).hexdigest()
        return f"{refusal.message} rid: {digest[:8]}-{digest[8:16]}-{digest[16:24]}"

    def _token(self, given: Mapping[str, Any]) -> Answer:
        _check_credentials(given)
        self.tokens.kill(self._newest)
        self._newest = self.tokens.issue()
        return {"access_token": self._newest, "expires_in": self.tokens.left(self._newest)}

    def _stable_token(self, given: Mapping[str, Any]) -> Answer:
        _check_credentials(given)
        if given.get("force_refresh") is True:
            self._force()
        elif self.tokens.left(self._stable) <= 300:
            # Rotated five minutes early; both tokens work until the old one ends.
            self._stable = self.tokens.issue()
        return {"access_token": self._stable, "expires_in": self.tokens.left(self._stable)}

    def _force(self) -> None:
        self.count("force_refresh")
        now = self.clock.now()
        if self._forced_at and now - self._forced_at < timedelta(seconds=30):
            raise Refusal(*self.throttled)
        self._forced_at = now
        self.tokens.kill(self._stable)
        self._stable = self.tokens.issue()

    def _fan(self, openid: str) -> Follower | None:
        """Who ever followed before the night, by openid."""
        if self._seen_at != self.clock.end:
            self._seen_at = self.clock.end
            ever = [fan for fan in self.world.followers if fan.subscribed_at < self.clock.end]
            # The platform's order has nothing to do with time.
            self._seen = {fan.openid: fan for fan in sorted(ever, key=lambda fan: _place(fan.openid))}
        return self._seen.get(openid)

    def _openids(self, given: Mapping[str, Any]) -> Answer:
        after = str(given.get("next_openid", ""))
        if self._fan(after) is None and after:
            raise Refusal(40003, "invalid openid")
        following = [openid for openid, fan in self._seen.items() if fan.follows(self.clock.end)]
        start = bisect.bisect_right(following, _place(after), key=_place) if after else 0
        page = following[start : start + self.page_size]
        data = {"data": {"openid": page}} if page else {}
        return {"total": len(following), "count": len(page), **data, "next_openid": page[-1] if page else ""}

    def _one(self, given: Mapping[str, Any]) -> Answer:
        return self._user_info(str(given.get("openid", "")))

    def _many(self, given: Mapping[str, Any]) -> Answer:
        asked = given.get("user_list")
        if not isinstance(asked, list) or not all(isinstance(user, dict) for user in asked):
            raise Refusal(47001, "data format error")
        if not 1 <= len(asked) <= 100:
            raise Refusal(40032, "invalid openid list size")
        return {"user_info_list": [self._user_info(str(user.get("openid", ""))) for user in asked]}

    def _user_info(self, openid: str) -> Answer:
        """Show one fan; name, sex, place and picture have been blank since the end of 2021."""
        fan = self._fan(openid)
        if fan is None:
            raise Refusal(40003, "invalid openid")
        if not fan.follows(self.clock.end):
            return {"subscribe": 0, "openid": openid}
        return {
            "subscribe": 1,
            "openid": openid,
            "nickname": "",
            "sex": 0,
            "language": "zh_CN",
            "city": "",
            "province": "",
            "country": "",
            "headimgurl": "",
            "subscribe_time": int(fan.subscribed_at.timestamp()),
            **({"unionid": fan.unionid} if fan.unionid else {}),
            "remark": "",
            "groupid": 0,
            "tagid_list": [],
            "subscribe_scene": fan.scene,
            "qr_scene": 0,
            "qr_scene_str": fan.qr_scene_str,
        }


def _place(openid: str) -> str:
    return openid[::-1]


def _check_credentials(given: Mapping[str, Any]) -> None:
    if given.get("grant_type") != "client_credential":
        raise Refusal(40002, "invalid grant_type")
    if not given.get("appid"):
        raise Refusal(41002, "appid missing")
    if given["appid"] != APPID:
        raise Refusal(40013, "invalid appid")
    if not given.get("secret"):
        raise Refusal(41004, "appsecret missing")
    if given["secret"] != SECRET:
        raise Refusal(40125, "invalid appsecret")
