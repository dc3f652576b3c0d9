"""What a Douyin account shows: its videos, and figures day by day of the youngest of them and of itself."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from quanyu.contracts import SHANGHAI, Page, Record, Window
from quanyu.errors import Retryable
from quanyu.paging import by_cursor
from quanyu.sources.douyin_content.client import DouyinOpen
from quanyu.transport import place

_VIDEOS = "/api/douyin/v1/video/video_list/"
_ITEM_BASE = "/data/external/item/base/"

_COUNT = 20
_DAYS = 30
"""The longest of 7, 15 and 30 days; figures are kept of videos of the last 30."""

_OF_VIDEO = ("play", "digg", "comment", "share", "download", "forward")
_OF_ITEM = {f"/data/external/item/{name}/": (name,) for name in ("play", "like", "comment", "share")}
_OF_USER = {
    "/data/external/user/item/": ("new_issue", "new_play", "total_issue"),
    "/data/external/user/fans/": ("new_fans", "total_fans"),
    "/data/external/user/like/": ("new_like",),
    "/data/external/user/comment/": ("new_comment",),
    "/data/external/user/share/": ("new_share",),
    "/data/external/user/profile/": ("profile_uv",),
}


def videos(client: DouyinOpen, name: str, window: Window) -> Iterator[Page]:
    """Read every video, the youngest with how long they are watched."""
    for rows in _video_pages(client, name):
        page = []
        for row in rows:
            base = {}
            if _is_young(row, window):
                with place(f"{name} {row.get('item_id')}"):
                    found = client.get(_ITEM_BASE, {"item_id": str(row.get("item_id"))}).get("result")
                    base = {"base": {key: str(value) for key, value in found.items()}} if found else {}
            statistics = _counted(row.get("statistics") or {}, [f"{of}_count" for of in _OF_VIDEO])
            page.append({**row, "statistics": statistics, **base})
        yield Page(page)


def item_days(client: DouyinOpen, name: str, window: Window) -> Iterator[Page]:
    """Read the figures of each young video, a row for each day of the window that the platform still shows."""
    for rows in _video_pages(client, name):
        found: list[Record] = []
        for row in rows:
            if _is_young(row, window):
                item = str(row.get("item_id"))
                days = _days(client, f"{name} {item}", _OF_ITEM, window, item_id=item)
                found += [{"item_id": item, **day} for day in days]
        yield Page(found)


def user_days(client: DouyinOpen, name: str, window: Window) -> Iterator[Page]:
    """Read the figures of the account, a row for each day of the window that the platform still shows."""
    yield Page(_days(client, name, _OF_USER, window))


def _video_pages(client: DouyinOpen, name: str) -> Iterator[Sequence[Record]]:
    def fetch(cursor: str) -> tuple[Sequence[Record], str]:
        data = client.get(_VIDEOS, {"cursor": cursor, "count": _COUNT})
        following = str(data.get("cursor", "")) if data.get("has_more") and data.get("cursor") is not None else ""
        if data.get("has_more") and not following:
            raise Retryable("more is announced, but no cursor leads there.")
        return data.get("list") or [], following

    return by_cursor(name, fetch, start="0")


def _days(
    client: DouyinOpen, name: str, figures: Mapping[str, Sequence[str]], window: Window, **query: str
) -> list[Record]:
    """Put the platform's lists, one a figure, together by their day."""
    days: dict[str, Record] = defaultdict(dict)
    wanted = {day.isoformat() for day in window.days()}
    for path, fields in figures.items():
        with place(f"{name} {path}"):
            listed = client.get(path, {**query, "date_type": _DAYS}).get("result_list")
            if not isinstance(listed, list):
                raise Retryable("the answer has no result_list.")
        for row in listed:
            if row.get("date") in wanted:
                days[row["date"]].update(_counted(row, fields))
    return [days[day] for day in sorted(days)]


def _is_young(row: Record, window: Window) -> bool:
    """Whether the platform may keep figures of a video on a day of the window."""
    created = row.get("create_time")
    if not isinstance(created, int):
        return False
    at = datetime.fromtimestamp(created, SHANGHAI)
    return window.start - timedelta(days=_DAYS) <= at < window.end


def _counted(row: Record, figures: Sequence[str]) -> Record:
    """The record with its figures as integers: the platform's pages write texts, others saw numbers."""
    return {**row, **{name: _whole(row[name]) for name in figures if name in row}}


def _whole(value: object) -> object:
    return int(value) if isinstance(value, str) and value.isdecimal() else value
