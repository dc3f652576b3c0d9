"""The mini program: its data cube, one day a call, `yyyymmdd`, no later than yesterday; its subscription messages.

POST /datacube/getweanalysisappiddailyvisittrend, ...dailysummarytrend, ...dailyretaininfo, ...visitpage,
     ...visitdistribution
GET  /wxaapi/newtmpl/gettemplate       the account's templates
POST /cgi-bin/message/subscribe/send   one message; each user agreed to one of each template, see `notices`

The last two days show 90 and 97 hundredths of their visits. Fault kinds of its own: `not_ready` (the error of the
early morning; its code 61503 is the sandbox's own) and `empty` (the empty list that is sent then instead).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any

from aiohttp import web

from tests.sandbox.faults import Faults
from tests.sandbox.notices import Notices
from tests.sandbox.platform import Clock
from tests.sandbox.weixin import Answer, Refusal
from tests.sandbox.weixin_app import WeixinApp
from tests.sandbox.world import World
from tests.sandbox.world.openids import MINI_APPID, openid
from tests.sandbox.world.systems.mini_program import MiniDay, days

RIPENESS = {0: 90, 1: 97}
"""Hundredths of a figure that are counted, by age in days."""

TEMPLATES = {
    "SUB_BACK_IN_STOCK": "商品：{{thing1.DATA}}",
    "SUB_CART_LEFT": "商品：{{thing1.DATA}}",
    "SUB_ORDER_UNPAID": "商品：{{thing1.DATA}}",
}
"""The account's templates, by id."""

_PREFIX = "/datacube/getweanalysisappid"


class MiniProgram(WeixinApp):
    """One mini program."""

    name = "mini_program"
    appid = MINI_APPID
    secret = "sandbox-secret-mini-program"
    drifting = "ref_date"

    def __init__(self, world: World, faults: Faults, clock: Clock) -> None:
        super().__init__(world, faults, clock)
        self._users = {openid(world, MINI_APPID, person.id) for person in world.people}
        self.notices = Notices(
            clock,
            self.deliveries,
            self._unreachable,
            self._users.__contains__,
            _sent_event,
            dict(TEMPLATES),
            consents=1,
        )

    def connection(self, url: str) -> dict[str, Any]:
        """Log in with appid and secret; the brand's collector hears what became of messages."""
        fields = super().connection(url)
        fields["extra"]["receipts_url"] = f"{url}/sandbox/events"
        return fields

    def routes(self) -> list[web.RouteDef]:
        """Templates are read with GET."""
        return [
            *super().routes(),
            web.get("/wxaapi/newtmpl/gettemplate", self.serve(self._templates)),
            *self.notices.routes(),
        ]

    def calls(self) -> Mapping[str, Callable[[Mapping[str, Any]], Answer]]:
        """The cubes by their names, and messages."""
        cubes = {
            "dailyvisittrend": self._visit_trend,
            "dailysummarytrend": self._summary,
            "dailyretaininfo": self._retained,
            "visitpage": self._pages,
            "visitdistribution": self._spread,
        }
        paths = {_PREFIX + name: self._cube(_PREFIX + name, cube) for name, cube in cubes.items()}
        return {**paths, "/cgi-bin/message/subscribe/send": self.notices.send}

    def _unreachable(self, user: str) -> Refusal | None:
        return None if user in self._users else Refusal(40003, "invalid openid")

    def _templates(self, _given: Mapping[str, Any]) -> Answer:
        rows = [
            {"priTmplId": name, "title": "通知", "content": content, "example": "", "type": 2}
            for name, content in self.notices.templates.items()
        ]
        return {"errcode": 0, "errmsg": "ok", "data": rows}

    def _cube(self, path: str, cube: Callable[[MiniDay, str], Answer]) -> Callable[[Mapping[str, Any]], Answer]:
        def answer(given: Mapping[str, Any]) -> Answer:
            day = self._asked(given)
            if self.faults.take("not_ready", path):
                raise Refusal(61503, "data not ready, please try later")
            if self.faults.take("empty", path):
                return {"list": []}
            return cube(day, path)

        return answer

    def _asked(self, given: Mapping[str, Any]) -> MiniDay:
        try:
            first, last = (_date(given[name]) for name in ("begin_date", "end_date"))
        except (KeyError, TypeError, ValueError):
            raise Refusal(61500, "date format error") from None
        if first != last or last > self.clock.today:
            raise Refusal(61501, "date range error")
        found = next((day for day in days(self.world) if day.day == first), None)
        if found is None:
            raise Refusal(61501, "date range error")
        return found

    def _ripe(self, figure: int, day: MiniDay) -> int:
        return figure * RIPENESS.get((self.clock.today - day.day).days, 100) // 100

    def _visit_trend(self, day: MiniDay, path: str) -> Answer:
        row = {
            "ref_date": f"{day.day:%Y%m%d}",
            "session_cnt": self._ripe(day.sessions, day),
            "visit_pv": self._ripe(day.pv, day),
            "visit_uv": self._ripe(day.uv, day),
            "visit_uv_new": self._ripe(day.uv_new, day),
            "stay_time_uv": day.stay_per_user,
            # A mean without a fraction comes as an integer.
            "stay_time_session": round(day.stay_per_user / 2),
            "visit_depth": round(day.pv / day.sessions, 4),
        }
        return {"list": self.drifted([row], path)}

    def _summary(self, day: MiniDay, path: str) -> Answer:
        row = {"ref_date": f"{day.day:%Y%m%d}", "visit_total": day.total_users}
        return {"list": self.drifted([row | {"share_pv": day.share_pv, "share_uv": day.share_uv}], path)}

    def _retained(self, day: MiniDay, path: str) -> Answer:
        age = (self.clock.today - day.day).days
        row = {"ref_date": f"{day.day:%Y%m%d}"}
        for name, users in (("visit_uv_new", day.new_retained), ("visit_uv", day.retained)):
            row |= {name: [{"key": after, "value": value} for after, value in users if after <= age]}
        return self.drifted([row], path)[0]

    def _pages(self, day: MiniDay, path: str) -> Answer:
        rows = [
            {
                "page_path": page.path,
                "page_visit_pv": self._ripe(page.pv, day),
                "page_visit_uv": self._ripe(page.uv, day),
                "page_staytime_pv": page.stay,
                "entrypage_pv": page.entries,
                "exitpage_pv": page.exits,
                "page_share_pv": page.shares,
                "page_share_uv": page.shares // 2,
            }
            for page in day.pages
        ]
        return {"ref_date": f"{day.day:%Y%m%d}", "list": self.drifted(rows, path)}

    def _spread(self, day: MiniDay, path: str) -> Answer:
        parts = [(index, [{"key": key, "value": value} for key, value in items]) for index, items in day.spread]
        drift = self.faults.take("unknown_column", path)
        shown = [
            {"index": index, "item_list": [{**item, "x_new_field": "17"} if drift else item for item in items]}
            for index, items in parts
        ]
        return {"ref_date": f"{day.day:%Y%m%d}", "list": shown}


def _sent_event(record: Mapping[str, Any]) -> dict[str, Any]:
    # One row comes as an object, several come as a list.
    code = "0" if record["outcome"] == "sent" else "1"
    row = {"TemplateId": record["template"], "MsgID": str(record["msgid"]), "ErrorCode": code}
    return {"Event": "subscribe_msg_sent_event", "List": {**row, "ErrorStatus": "success" if code == "0" else "fail"}}


def _date(text: str) -> date:
    return datetime.strptime(text, "%Y%m%d").date()  # noqa: DTZ007 - a day has no zone
