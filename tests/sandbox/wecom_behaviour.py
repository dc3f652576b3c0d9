"""The counters of WeCom's staff: how much they talked with customers, per day."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

from quanyu.contracts import SHANGHAI
from tests.sandbox.platform import Clock
from tests.sandbox.weixin import Answer, Refusal, texts
from tests.sandbox.world import World
from tests.sandbox.world.systems.wecom import TalkDay, added_and_lost, talk

KEPT_DAYS = 180
LONGEST_DAYS = 30

_QUIET = TalkDay(0, 0, None, None, 0)


def behaviour(world: World, clock: Clock, given: Mapping[str, Any]) -> Answer:
    """Tell the counters of each day, those of several members added up; a quiet day has zeros."""
    asked = texts(given.get("userid"))
    if not 1 <= len(asked) <= 100:
        raise Refusal(40058, "invalid Request Parameter, userid size should be 1 to 100")
    if not set(asked) <= set(world.staff):
        raise Refusal(60111, "userid not found")
    rows = [_row(world, day, asked) for day in _days(clock, given)]
    return {"errcode": 0, "errmsg": "ok", "behavior_data": rows}


def _days(clock: Clock, given: Mapping[str, Any]) -> list[date]:
    bounds = [given.get(name) for name in ("start_time", "end_time")]
    if not all(isinstance(bound, int) for bound in bounds):
        raise Refusal(40058, "invalid Request Parameter, start_time or end_time")
    first, last = (datetime.fromtimestamp(bound, SHANGHAI).date() for bound in bounds)  # type: ignore[arg-type]
    count = (last - first).days + 1
    if not 1 <= count <= LONGEST_DAYS or first < clock.today - timedelta(days=KEPT_DAYS) or last > clock.today:
        raise Refusal(600018, "invalid start_time or end_time")
    return [first + timedelta(days=number) for number in range(count)]


def _row(world: World, day: date, userids: Sequence[str]) -> Answer:
    days = [talk(world).get((day, userid), _QUIET) for userid in userids]
    moves = [added_and_lost(world, day, userid) for userid in userids]
    begun = [one for one in days if one.replied is not None and one.minutes is not None]
    chats = sum(one.chats for one in begun)
    answered: Answer = {}
    if begun:
        answered = {
            "reply_percentage": round(sum((one.replied or 0) * one.chats for one in begun) / chats, 2),
            "avg_reply_time": round(sum((one.minutes or 0) * one.chats for one in begun) / chats),
        }
    return {
        "stat_time": int(datetime.combine(day, time(), SHANGHAI).timestamp()),
        "chat_cnt": sum(one.chats for one in days),
        "message_cnt": sum(one.messages for one in days),
        **answered,
        "negative_feedback_cnt": sum(lost for _, lost in moves),
        "new_apply_cnt": sum(one.applied for one in days),
        "new_contact_cnt": sum(added for added, _ in moves),
    }
