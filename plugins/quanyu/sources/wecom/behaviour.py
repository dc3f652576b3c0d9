"""How members talked with customers: WeCom's counters per member and day."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime, time

from quanyu.contracts import SHANGHAI, Page, Record, Window
from quanyu.errors import Rejected, SchemaDrift
from quanyu.sources.wecom.client import PATH, members
from quanyu.transport import place
from quanyu.wechat import WeChat

_LONGEST = 30
_BAD_RANGE = 600018


def behaviour(client: WeChat, name: str, window: Window) -> Iterator[Page]:
    """Read the counters, a page per day; several members in one call would be added up, so each is asked for alone.

    Raises Rejected for days that the platform keeps no more.
    """
    with place(f"{name} {max(window.days())}"):
        asked = members(client)
    days = list(window.days())
    for start in range(0, len(days), _LONGEST):
        span = days[start : start + _LONGEST]
        found: dict[date, list[Record]] = {day: [] for day in span}
        with place(f"{name} {span[-1]}"):
            for userid in asked:
                for row in _counters(client, userid, span):
                    day = _day_of(row, span)
                    found[day].append({**row, "userid": userid, "day": f"{day}"})
        for day in span:
            yield Page(found[day], day)


def _counters(client: WeChat, userid: str, span: Sequence[date]) -> list[Record]:
    answer = client.call(
        "POST",
        PATH + "get_user_behavior_data",
        body={"userid": [userid], "start_time": _midnight(span[0]), "end_time": _midnight(span[-1])},
        accept={_BAD_RANGE},
    )
    if answer.get("errcode") == _BAD_RANGE:
        raise Rejected(
            f"errcode {_BAD_RANGE}, the platform does not tell of {span[0]} to {span[-1]}.",
            remedy="ask for days of the last 180 only, none of them to come.",
        )
    return answer.get("behavior_data") or []


def _midnight(day: date) -> int:
    return int(datetime.combine(day, time(), SHANGHAI).timestamp())


def _day_of(row: Record, span: Sequence[date]) -> date:
    at = row.get("stat_time")
    day = datetime.fromtimestamp(at, SHANGHAI).date() if isinstance(at, int) else None
    if day is None or day not in span:
        raise SchemaDrift(
            f"asked for {span[0]} to {span[-1]}, a row has stat_time {at!r}.",
            remedy="compare the answer of get_user_behavior_data with the platform's documents of it.",
        )
    return day
