"""The video channel (视频号) with its shop: live sessions, leads by form and by session, the shop's daily compass.

POST /channels/finderlive/get_finder_live_data_list       sessions by start, `last_buffer` while `continue_flag`
POST /channels/leads/get_leads_component_id               the forms
POST /channels/leads/get_leads_info_by_component_id       phones by form and time
POST /channels/leads/get_leads_request_id                 the sessions that showed a form
POST /channels/leads/get_leads_info_by_request_id         phones by session
POST /channels/leads/get_leads_component_promote_record   how often a form was seen, by session; digits as text
POST /channels/ec/compass/shop/overall/get                one day of the shop, digits as text
POST /channels/ec/compass/finder/overall/get              the same seen from the channel

Both ends of a range belong to it. Code 10020001 (no such range, no such form) is the sandbox's own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from tests.sandbox.weixin import Answer, Refusal, page
from tests.sandbox.weixin_app import WeixinApp
from tests.sandbox.world.systems.video_channel import COMPONENTS, SCOPE, Lead, Live, leads, lives, sales


class VideoChannel(WeixinApp):
    """One channel and its shop; `page_size` may be changed by a test."""

    name = "video_channel"
    appid = SCOPE
    secret = "sandbox-secret-video-channel"
    drifting = "export_id"
    page_size = 10

    def calls(self) -> Mapping[str, Callable[[Mapping[str, Any]], Answer]]:
        """What the channel's appid may call."""
        compass = "/channels/ec/compass/"
        return {
            "/channels/finderlive/get_finder_live_data_list": self._live_list,
            "/channels/leads/get_leads_component_id": self._components,
            "/channels/leads/get_leads_info_by_component_id": self._by_component,
            "/channels/leads/get_leads_request_id": self._requests,
            "/channels/leads/get_leads_info_by_request_id": self._by_request,
            "/channels/leads/get_leads_component_promote_record": self._promoted,
            compass + "shop/overall/get": self._shop,
            compass + "finder/overall/get": self._finder,
        }

    def _lives(self) -> list[Live]:
        return [live for live in lives(self.world) if live.started_at < self.clock.end]

    def _leads(self) -> list[Lead]:
        return [lead for lead in leads(self.world) if lead.left_at < self.clock.end]

    def _paged(self, rows: Sequence[Answer], given: Mapping[str, Any], of: str) -> Answer:
        asked = {"cursor": given.get("last_buffer", ""), "limit": self.page_size}
        found, following = page(rows, asked, default=self.page_size, largest=1000, of=of)
        # The last page repeats the buffer that it was asked with.
        buffer = following or str(given.get("last_buffer", ""))
        return {"errcode": 0, "errmsg": "ok", "last_buffer": buffer, "continue_flag": bool(following), "": found}

    def _named(self, name: str, rows: Sequence[Answer], given: Mapping[str, Any], path: str, of: str) -> Answer:
        answer = self._paged(rows, given, f"{path} {of}")
        return {**{key: value for key, value in answer.items() if key}, name: self.drifted(answer[""], path)}

    def _live_list(self, given: Mapping[str, Any]) -> Answer:
        start, end = _range(given)
        rows = [
            {
                "export_id": live.export_id,
                "live_start_time": _epoch(live.started_at),
                "live_duration_in_seconds": live.seconds,
                "total_audience_count": live.audience,
                "total_cheer_count": live.cheers,
                "forward_count": live.forwards,
                "total_comment_count": live.comments,
                "audiences_avg_seconds": 90 + live.audience % 60,
                "max_online_count": live.online,
                "new_follow_count": live.new_fans,
                "new_follow_count_biz": live.new_fans // 3,
            }
            for live in self._lives()
            if start <= _epoch(live.started_at) <= end
        ]
        return self._named("item", rows, given, "get_finder_live_data_list", f"{start} {end}")

    def _components(self, given: Mapping[str, Any]) -> Answer:
        rows = [{"leads_component_id": name, "leads_description": about, "status": 1} for name, about in COMPONENTS]
        return self._named("item", rows, given, "get_leads_component_id", "")

    def _by_component(self, given: Mapping[str, Any]) -> Answer:
        (start, end), name = _range(given), _component(given)
        there = [lead for lead in self._leads() if lead.component == name and start <= _epoch(lead.left_at) <= end]
        rows = [{"phone": lead.phone} for lead in there]
        return self._named("user_data", rows, given, "get_leads_info_by_component_id", f"{name} {start} {end}")

    def _requests(self, given: Mapping[str, Any]) -> Answer:
        name = _component(given)
        shown = {lead.live.request_id: lead.live for lead in self._leads() if lead.component == name}
        rows = [
            {
                "request_id": f"{live.request_id}-{name}",
                "live_start_time": _epoch(live.started_at),
                "live_description": live.title,
            }
            for live in sorted(shown.values(), key=lambda live: live.started_at, reverse=True)
        ]
        return self._named("item", rows, given, "get_leads_request_id", name)

    def _by_request(self, given: Mapping[str, Any]) -> Answer:
        name = str(given.get("request_id", ""))
        there = [lead for lead in self._leads() if f"{lead.live.request_id}-{lead.component}" == name]
        rows = [{"phone": lead.phone} for lead in there]
        if not rows:
            raise Refusal(10020001, "invalid request_id")
        return self._named("user_data", rows, given, "get_leads_info_by_request_id", name)

    def _promoted(self, given: Mapping[str, Any]) -> Answer:
        (start, end), name = _range(given), _component(given)
        rows = []
        for live in self._lives():
            if start <= _epoch(live.started_at) <= end:
                left = [lead for lead in self._leads() if lead.live == live and lead.component == name]
                rows.append(_promotion(live, len({lead.phone for lead in left})))
        return self._named("record_data", rows, given, "promote_record", f"{name} {start} {end}")

    def _shop(self, given: Mapping[str, Any]) -> Answer:
        day = sales(self.world).get(self._day(given))
        row = {
            "pay_gmv": str(day.gmv if day else 0),
            "pay_uv": str(day.buyers if day else 0),
            "pay_order_cnt": str(day.orders if day else 0),
            "pay_refund_gmv": str(day.refunded if day else 0),
            "product_click_uv": str(day.clicks if day else 0),
            "live_pay_gmv": str(day.by_live if day else 0),
            "feed_pay_gmv": str(day.by_feed if day else 0),
        }
        return {"errcode": 0, "errmsg": "ok", "data": self.drifted([row], "shop/overall")[0]}

    def _finder(self, given: Mapping[str, Any]) -> Answer:
        day = sales(self.world).get(self._day(given))
        gmv, live, feed = (day.gmv, day.by_live, day.by_feed) if day else (0, 0, 0)
        row = {
            "pay_gmv": str(gmv),
            "live_pay_gmv": str(live),
            "feed_pay_gmv": str(feed),
            "window_pay_gmv": str(gmv - live - feed),
            "product_pay_gmv": "0",
            "other_pay_gmv": "0",
        }
        return {"errcode": 0, "errmsg": "ok", "data": self.drifted([row], "finder/overall")[0]}

    def _day(self, given: Mapping[str, Any]) -> Any:
        try:
            day = datetime.strptime(str(given.get("ds", "")), "%Y%m%d").date()  # noqa: DTZ007 - a day has no zone
        except ValueError:
            raise Refusal(10020001, "invalid ds") from None
        if day > self.clock.today:
            raise Refusal(10020001, "ds must not be later than yesterday")
        return day


def _promotion(live: Live, left: int) -> Answer:
    seen, clicked = live.audience // 2, live.audience // 11
    return {
        "anchor_nickname": "主播小全",
        "live_description": live.title,
        "live_start_time": _epoch(live.started_at),
        "exposure_uv": str(seen),
        "click_uv": str(clicked),
        "exposure_click_rate": f"{clicked / seen:.4f}",
        "leads_num": str(left),
    }


def _range(given: Mapping[str, Any]) -> tuple[int, int]:
    start, end = given.get("start_time"), given.get("end_time")
    if not isinstance(start, int) or not isinstance(end, int) or end < start:
        raise Refusal(10020001, "invalid time range")
    return start, end


def _component(given: Mapping[str, Any]) -> str:
    name = str(given.get("leads_component_id", ""))
    if name not in dict(COMPONENTS):
        raise Refusal(10020001, "invalid leads_component_id")
    return name


def _epoch(at: datetime) -> int:
    return int(at.timestamp())
