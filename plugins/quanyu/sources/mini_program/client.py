"""The daily figures of a mini program: one call per cube and day."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import date
from datetime import time as clock_time
from typing import Any

from quanyu import wechat
from quanyu.contracts import Connection, Page, Record, Window, ready_from
from quanyu.errors import NotReady, Retryable
from quanyu.settings import utc_now
from quanyu.transport import place
from quanyu.wechat import Refused, WeChat

_DIALECT = replace(
    wechat.OFFICIAL_ACCOUNT,
    name="mini program",
    token_dead=wechat.OFFICIAL_ACCOUNT.token_dead | {41001},
)
_PREFIX = "/datacube/getweanalysisappid"

# The documents name no code for it, so its words decide.
_UNREADY = re.compile(r"not ready|未就绪|未准备|尚未生成", re.IGNORECASE)
READY_AT = clock_time(10)
_WAIT = "run it again from 10:00 on: the platform counts a day until the next mid-morning."


@dataclass(frozen=True, slots=True)
class Cube:
    """One report: the last part of its path, and how its answer becomes rows."""

    name: str
    rows: Callable[[Record], Sequence[Record]]


def days(client: WeChat, name: str, cube: Cube, window: Window) -> Iterator[Page]:
    """Read each day by itself. Raises NotReady for a day that the platform still counts."""
    for day in window.days():
        with place(f"{name} {day}"):
            yield Page(_day(client, cube, day), day)


def _day(client: WeChat, cube: Cube, day: date) -> Sequence[Record]:
    text = f"{day:%Y%m%d}"
    try:
        answer = client.call("POST", _PREFIX + cube.name, body={"begin_date": text, "end_date": text})
    except Refused as error:
        if _UNREADY.search(error.message):
            raise NotReady(error.message, remedy=_WAIT) from None
        raise
    rows = cube.rows(answer)
    if not rows and _is_being_counted(day):
        # Until mid-morning an empty list says "not yet"; later, and for older days, it says that nobody came.
        raise NotReady("the list is empty, and the day is still being counted.", remedy=_WAIT)
    return rows


def _is_being_counted(day: date) -> bool:
    return ready_from(day, clock_time()) <= utc_now() < ready_from(day, READY_AT)


def listed(answer: Record) -> Sequence[Record]:
    """Rows of a cube that lists them with their day."""
    return _list(answer.get("list"))


def itself(answer: Record) -> Sequence[Record]:
    """The one row of a cube whose answer is the row."""
    row = {name: value for name, value in answer.items() if name not in {"errcode", "errmsg"}}
    return [row] if row.get("ref_date") else []


def pages(answer: Record) -> Sequence[Record]:
    """Rows by page; the day stands above the list."""
    return [{"ref_date": answer.get("ref_date"), **page} for page in _list(answer.get("list"))]


def parts(answer: Record) -> Sequence[Record]:
    """Rows by index and key: how visits spread over sources, times of stay and depths."""
    return [
        {"ref_date": answer.get("ref_date"), "index": group.get("index"), **item}
        for group in _list(answer.get("list"))
        for item in _list(group.get("item_list"))
    ]


def _list(value: Any) -> list[Record]:
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise Retryable("the answer holds something else than a list of rows.")
    return value


def connect(where: Connection, *, sleep: Callable[[float], None] = time.sleep) -> AbstractContextManager[WeChat]:
    """Open one mini program by its own appid."""
    return wechat.connect(_DIALECT, where, sleep=sleep)
