"""Mini program: how many came, how long they stayed, what they looked at and who came back, by day.

What: five of the daily reports of `datacube`. There are no persons in them; what one person does is tracked by our
own events, since the platform exports no rows.

Why a re-run is safe: each day is read whole and replaces that day. Figures settle for some days, so each night reads
the last seven again, and 30 for those who came back, whose last figure is of the 30th day.

    day by day, begin = end -> rows by day (and page, or index and key)
    "not ready", or an empty list before 10:00 of the next day -> NotReady, the night asks again

Guesses: the words of "not ready" (the documents name no code); 10:00 (an answer of the platform's community saw
09:57 fail); `visitpage` shows the 200 most visited pages.

Alone: python -m quanyu.sources.mini_program --date 2026-11-20
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from quanyu.contracts import Entity, Mode, Page, Source, Window
from quanyu.sources.mini_program.client import READY_AT, Cube, connect, days, itself, listed, pages, parts
from quanyu.wechat import WeChat


def _read(name: str, cube: Cube, client: WeChat, window: Window) -> Iterator[Page]:
    return days(client, f"mini_program.{name}", cube, window)


def _entity(name: str, cube: Cube, key: tuple[str, ...], fields: dict[str, str], reread_days: int = 7) -> Entity:
    return Entity(
        name=name,
        key=("ref_date", *key),
        mode=Mode.DAILY,
        fields={"ref_date": "text", **fields},
        read=partial(_read, name, cube),
        reread_days=reread_days,
        ready_at=READY_AT,
    )


SOURCE = Source(
    name="mini_program",
    about=__doc__,
    connect=connect,
    entities=(
        _entity(
            "visit_trend",
            Cube("dailyvisittrend", listed),
            (),
            {
                "session_cnt": "integer",
                "visit_pv": "integer",
                "visit_uv": "integer",
                "visit_uv_new": "integer",
                "stay_time_uv": "number?",
                "stay_time_session": "number?",
                "visit_depth": "number?",
            },
        ),
        _entity(
            "summary",
            Cube("dailysummarytrend", listed),
            (),
            {"visit_total": "integer", "share_pv": "integer", "share_uv": "integer"},
        ),
        _entity(
            "retention",
            Cube("dailyretaininfo", itself),
            (),
            {
                "visit_uv_new": "array?",
                "visit_uv_new[].key": "integer",
                "visit_uv_new[].value": "integer",
                "visit_uv": "array?",
                "visit_uv[].key": "integer",
                "visit_uv[].value": "integer",
            },
            reread_days=30,
        ),
        _entity(
            "visit_pages",
            Cube("visitpage", pages),
            ("page_path",),
            {
                "page_path": "text",
                "page_visit_pv": "integer",
                "page_visit_uv": "integer",
                "page_staytime_pv": "number?",
                "entrypage_pv": "integer?",
                "exitpage_pv": "integer?",
                "page_share_pv": "integer?",
                "page_share_uv": "integer?",
            },
        ),
        _entity(
            "visit_distribution",
            Cube("visitdistribution", parts),
            ("index", "key"),
            {"index": "text", "key": "integer", "value": "integer"},
        ),
    ),
)
