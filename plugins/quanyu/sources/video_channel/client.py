"""Live sessions, leads and daily sales of a video channel: day by day, lists by `last_buffer`."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import date
from functools import partial

from quanyu import wechat
from quanyu.contracts import Connection, Page, Record, Window
from quanyu.errors import Retryable
from quanyu.paging import by_cursor
from quanyu.transport import place
from quanyu.wechat import WeChat

_DIALECT = replace(
    wechat.OFFICIAL_ACCOUNT,
    name="video channel",
    token_dead=wechat.OFFICIAL_ACCOUNT.token_dead | {41001},
)
_LIVES = "/channels/finderlive/get_finder_live_data_list"
_LEADS = "/channels/leads/"
_COMPASS = "/channels/ec/compass/"


def live_sessions(client: WeChat, name: str, window: Window) -> Iterator[Page]:
    """Read the sessions that started on each day."""
    for day in window.days():
        rows = _all(client, f"{name} {day}", _LIVES, _span(day), "item")
        yield Page(_started_inside(rows, day), day)


def leads(client: WeChat, name: str, window: Window) -> Iterator[Page]:
    """Read who left a phone at which form on each day; twice on a day is one lead, since rows carry only the phone."""
    components = _components(client, f"{name} {max(window.days())}")
    for day in window.days():
        found = {
            (component, row.get("phone")): {"day": day.isoformat(), "component_id": component, **row}
            for component in components
            for row in _all(
                client,
                f"{name} {day}",
                _LEADS + "get_leads_info_by_component_id",
                {"leads_component_id": component, **_span(day)},
                "user_data",
            )
        }
        yield Page(list(found.values()), day)


def live_leads(client: WeChat, name: str, window: Window) -> Iterator[Page]:
    """Read who left a phone in which live session, by the day the session started on."""
    last = max(window.days())
    sessions = [
        (component, session)
        for component in _components(client, f"{name} {last}")
        for session in _all(
            client, f"{name} {last}", _LEADS + "get_leads_request_id", {"leads_component_id": component}, "item"
        )
    ]
    for day in window.days():
        found = {}
        for component, session in sessions:
            for one in _started_inside([session], day):
                asked = {"request_id": one["request_id"]}
                rows = _all(client, f"{name} {day}", _LEADS + "get_leads_info_by_request_id", asked, "user_data")
                for row in rows:
                    found[one["request_id"], row.get("phone")] = {"component_id": component, **one, **row}
        yield Page(list(found.values()), day)


def promotions(client: WeChat, name: str, window: Window) -> Iterator[Page]:
    """Read how often each form was seen in the sessions of each day."""
    components = _components(client, f"{name} {max(window.days())}")
    for day in window.days():
        rows = [
            # The anchor is a member of staff, and nobody downstream looks at who it was.
            {"component_id": component, **{key: value for key, value in row.items() if key != "anchor_nickname"}}
            for component in components
            for row in _started_inside(
                _all(
                    client,
                    f"{name} {day}",
                    _LEADS + "get_leads_component_promote_record",
                    {"leads_component_id": component, **_span(day)},
                    "record_data",
                ),
                day,
            )
        ]
        yield Page(rows, day)


def compass(client: WeChat, name: str, side: str, window: Window) -> Iterator[Page]:
    """Read one row of sales per day, as the `shop` or the `finder` (the channel) sees it."""
    for day in window.days():
        with place(f"{name} {day}"):
            ds = f"{day:%Y%m%d}"
            data = client.call("POST", f"{_COMPASS}{side}/overall/get", body={"ds": ds}).get("data")
            if not isinstance(data, dict):
                raise Retryable("the answer has no data.")
        yield Page([{"ds": ds, **data}] if data else [], day)


def _components(client: WeChat, name: str) -> list[str]:
    rows = _all(client, name, _LEADS + "get_leads_component_id", {}, "item")
    return sorted({str(row["leads_component_id"]) for row in rows if row.get("leads_component_id")})


def _all(client: WeChat, name: str, path: str, asked: Record, rows: str) -> list[Record]:
    """Every row of a list, over all its pages."""
    return [row for page in by_cursor(name, partial(_page, client, path, asked, rows)) for row in page]


def _page(client: WeChat, path: str, asked: Record, rows: str, cursor: str) -> tuple[Sequence[Record], str]:
    answer = client.call("POST", path, body={**asked, "last_buffer": cursor})
    following = str(answer.get("last_buffer") or "") if answer.get("continue_flag") else ""
    if answer.get("continue_flag") and not following:
        raise Retryable("more is announced, but no buffer leads there.")
    return answer.get(rows) or [], following


def _span(day: date) -> Record:
    """The seconds of a day; the platform counts both ends in."""
    window = Window.of_days(day, day)
    return {"start_time": int(window.start.timestamp()), "end_time": int(window.end.timestamp()) - 1}


def _started_inside(rows: Sequence[Record], day: date) -> list[Record]:
    """The rows whose session started on `day`; others were asked for with a day too many, or all at once."""
    window = Window.of_days(day, day)
    start, end = window.start.timestamp(), window.end.timestamp()
    return [row for row in rows if start <= int(row.get("live_start_time") or start) < end]


def connect(where: Connection, *, sleep: Callable[[float], None] = time.sleep) -> AbstractContextManager[WeChat]:
    """Open one channel by its own appid."""
    return wechat.connect(_DIALECT, where, sleep=sleep)
