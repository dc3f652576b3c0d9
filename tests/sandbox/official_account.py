"""A WeChat official account (公众号, a service account): fans in pages, their tags, daily reports, mass sends.

GET  /cgi-bin/user/get             openids, `page_size` a page, an empty page at the end
GET  /cgi-bin/user/info            one fan
POST /cgi-bin/user/info/batchget   up to 100 fans
GET  /cgi-bin/tags/get             the tags and how many fans have each
POST /cgi-bin/tags/...             tags that are made and given by API, see `official_account_tags`
POST /datacube/get...              daily reports, no later than yesterday; see `official_account_cubes`
POST /cgi-bin/message/mass/send    one text to 2..10 000 fans, `clientmsgid` against repeats
POST /cgi-bin/message/mass/get     how far a mass send got
GET  /cgi-bin/template/get_all_private_template   the account's templates
POST /cgi-bin/message/template/send               one template message; its outcome is an event, see `notices`

Fans are shown as they stood at the midnight that ended the world's `today`. Messages go out on the day after
it: who unsubscribes on that day is taken and not reached. Tokens are those of every app, see `weixin_app`.

The code of a span that is too long (61501) is the sandbox's own: what is known is only that such a call fails.
"""

from __future__ import annotations

import bisect
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from typing import Any

from aiohttp import web

from tests.sandbox.faults import Faults
from tests.sandbox.mass_send import MassSends
from tests.sandbox.notices import Notices
from tests.sandbox.official_account_cubes import CUBES
from tests.sandbox.official_account_tags import FanTags
from tests.sandbox.platform import Clock
from tests.sandbox.weixin import Answer, Refusal
from tests.sandbox.weixin_app import WeixinApp
from tests.sandbox.world import World
from tests.sandbox.world.model import APPID, Follower
from tests.sandbox.world.systems.official_account import TAGS, tags_of

TEMPLATES = {
    "TM_AFTER_SALES": "您的售后已处理完成。\n如有疑问，请在公众号内留言。",
    "TM_MEMBER_GIFT": "会员礼：{{thing1.DATA}}",
}
"""The account's templates, by id."""

_DAWN = date(2014, 12, 1)
"""The first day that the platform has figures of."""


class OfficialAccount(WeixinApp):
    """State and routes of one account; `page_size` and the quotas are attributes a test may change."""

    name = "official_account"
    appid = APPID
    secret = "sandbox-secret-official-account"
    drifting = "ref_date"

    def __init__(self, world: World, faults: Faults, clock: Clock) -> None:
        super().__init__(world, faults, clock)
        self.page_size = 500
        self.daily_quota |= {
            "/cgi-bin/token": 2_000,
            "/cgi-bin/user/get": 500,
            "/cgi-bin/message/mass/send": 100,
            "/cgi-bin/message/template/send": 100_000,
        }
        self.minute_quota = {"/cgi-bin/message/mass/send": 60}
        self.mass_sends = MassSends(clock, self.deliveries, self._fan)
        self.notices = Notices(clock, self.deliveries, self._unreachable, self._stays, _outcome_event, dict(TEMPLATES))
        self.fan_tags = FanTags(self._follows, self._tags_else, lambda: self.page_size)
        self._seen_at: datetime | None = None
        self._seen: dict[str, Follower] = {}

    def connection(self, url: str) -> dict[str, Any]:
        """Log in with appid and secret; the brand's collector hears what became of template messages."""
        fields = super().connection(url)
        fields["extra"]["receipts_url"] = f"{url}/sandbox/events"
        return fields

    def routes(self) -> list[web.RouteDef]:
        """What `api.weixin.qq.com` serves of this account."""
        return [
            *super().routes(),
            web.get("/cgi-bin/user/get", self.serve(self._openids)),
            web.get("/cgi-bin/user/info", self.serve(self._one)),
            web.get("/cgi-bin/tags/get", self.serve(self._tags)),
            web.get("/cgi-bin/template/get_all_private_template", self.serve(self._templates)),
            *self.notices.routes(),
        ]

    def calls(self) -> Mapping[str, Callable[[Mapping[str, Any]], Answer]]:
        """Fans by the hundred, mass sends and the reports."""
        return {
            "/cgi-bin/user/info/batchget": self._many,
            "/cgi-bin/message/mass/send": self.mass_sends.send,
            "/cgi-bin/message/mass/get": self.mass_sends.state,
            "/cgi-bin/message/template/send": self.notices.send,
            "/cgi-bin/tags/create": self.fan_tags.create,
            "/cgi-bin/tags/members/batchtagging": self.fan_tags.tag,
            "/cgi-bin/tags/members/batchuntagging": self.fan_tags.untag,
            "/cgi-bin/tags/getidlist": self.fan_tags.of_one,
            "/cgi-bin/user/tag/get": self.fan_tags.page,
            **{f"/datacube/{name}": self._cube(name) for name in CUBES},
        }

    def _fan(self, openid: str) -> Follower | None:
        """Who ever followed before the night, by openid."""
        if self._seen_at != self.clock.end:
            self._seen_at = self.clock.end
            ever = [fan for fan in self.world.followers if fan.subscribed_at < self.clock.end]
            # The platform's order has nothing to do with time.
            self._seen = {fan.openid: fan for fan in sorted(ever, key=lambda fan: _place(fan.openid))}
        return self._seen.get(openid)

    def _unreachable(self, openid: str) -> Refusal | None:
        fan = self._fan(openid)
        if fan is None:
            return Refusal(40003, "invalid openid")
        return None if fan.follows(self.clock.end) else Refusal(43004, "require subscribe")

    def _stays(self, openid: str) -> bool:
        """Whether a fan still follows on the day that comes after the world's last."""
        fan = self._fan(openid)
        return fan is not None and fan.follows(self.clock.end + timedelta(days=1))

    def _templates(self, _given: Mapping[str, Any]) -> Answer:
        rows = [
            {"template_id": name, "title": "通知", "primary_industry": "", "deputy_industry": "", "content": content}
            for name, content in self.notices.templates.items()
        ]
        return {"template_list": rows}

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
        rows = [self._user_info(str(user.get("openid", ""))) for user in asked]
        return {"user_info_list": self.drifted(rows, "/cgi-bin/user/info/batchget")}

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
            "tagid_list": [*tags_of(self.world).get(openid, ()), *self.fan_tags.of(openid)],
            "subscribe_scene": fan.scene,
            "qr_scene": 0,
            "qr_scene_str": fan.qr_scene_str,
        }

    def _tags(self, _given: Mapping[str, Any]) -> Answer:
        there = (fan for fan in self.world.followers if fan.follows(self.clock.end))
        counts = Counter(tag for fan in there for tag in tags_of(self.world).get(fan.openid, ()))
        rows = [{"id": tag, "name": name, "count": counts[tag]} for tag, name in TAGS.items()]
        return {"tags": self.drifted([*rows, *self.fan_tags.rows()], "/cgi-bin/tags/get")}

    def _follows(self, openid: str) -> bool:
        fan = self._fan(openid)
        return fan is not None and fan.follows(self.clock.end)

    def _tags_else(self, openid: str) -> int:
        return len(tags_of(self.world).get(openid, ()))

    def _cube(self, name: str) -> Callable[[Mapping[str, Any]], Answer]:
        longest, rows = CUBES[name]

        def answer(given: Mapping[str, Any]) -> Answer:
            days = self._asked(given, longest)
            told = [row for day in days for row in rows(self.world, day, self.clock.today)]
            return {"list": self.drifted(told, f"/datacube/{name}")}

        return answer

    def _asked(self, given: Mapping[str, Any], longest: int) -> list[date]:
        try:
            first, last = (_date(given[name]) for name in ("begin_date", "end_date"))
        except (KeyError, TypeError, ValueError):
            raise Refusal(61500, "date format error") from None
        if first < _DAWN or first > last or last > self.clock.today:
            raise Refusal(61500, "date format error")
        days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
        if len(days) > longest:
            raise Refusal(61501, "date range error")
        return days

    def _check_credentials(self, given: Mapping[str, Any]) -> None:
        for name, code in (("appid", 41002), ("secret", 41004)):
            if given.get("grant_type") == "client_credential" and not given.get(name):
                raise Refusal(code, "appid missing" if name == "appid" else "appsecret missing")
        super()._check_credentials(given)


def _outcome_event(record: Mapping[str, Any]) -> dict[str, Any]:
    words = {"sent": "success", "blocked": "failed:user block", "failed": "failed: system failed"}
    status = words[record["outcome"]]
    return {"Event": "TEMPLATESENDJOBFINISH", "MsgID": str(record["msgid"]), "Status": status}


def _place(openid: str) -> str:
    return openid[::-1]


def _date(text: str) -> date:
    return datetime.strptime(text, "%Y-%m-%d").date()  # noqa: DTZ007 - a day has no zone
