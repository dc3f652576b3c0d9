"""The mini program's data cube: one day a call, `yyyymmdd`, no later than yesterday.

POST /datacube/getweanalysisappiddailyvisittrend, ...dailysummarytrend, ...dailyretaininfo, ...visitpage,
     ...visitdistribution

The last two days show 90 and 97 hundredths of their visits. Fault kinds of its own: `not_ready` (the error of the
early morning; its code 61503 is the sandbox's own) and `empty` (the empty list that is sent then instead).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any

from tests.sandbox.weixin import Answer, Refusal
from tests.sandbox.weixin_app import WeixinApp
from tests.sandbox.world.openids import MINI_APPID
from tests.sandbox.world.systems.mini_program import MiniDay, days

RIPENESS = {0: 90, 1: 97}
"""Hundredths of a figure that are counted, by age in days."""

_PREFIX = "/datacube/getweanalysisappid"


class MiniProgram(WeixinApp):
    """One mini program."""

    name = "mini_program"
    appid = MINI_APPID
    secret = "sandbox-secret-mini-program"
    drifting = "ref_date"

    def calls(self) -> Mapping[str, Callable[[Mapping[str, Any]], Answer]]:
        """The cubes by their names."""
        cubes = {
            "dailyvisittrend": self._visit_trend,
            "dailysummarytrend": self._summary,
            "dailyretaininfo": self._retained,
            "visitpage": self._pages,
            "visitdistribution": self._spread,
        }
        return {_PREFIX + name: self._cube(_PREFIX + name, cube) for name, cube in cubes.items()}

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


def _date(text: str) -> date:
    return datetime.strptime(text, "%Y%m%d").date()  # noqa: DTZ007 - a day has no zone
