"""Bilibili: the videos of our account, and how often they were seen and answered so far.

What: the list of archives, the figures of every published one and those of the account. Figures are sums since the
beginning; staging says by how much each grew from night to night. There are no persons in it.

Why a re-run is safe: all three are snapshots of tonight. What was not read on a night cannot be read later, so a
missed night's growth is counted on the next.

    viewlist, 50 a page -> rows by resource_id; arc/stat per published archive; user/stat
    token dead -> both tokens turned over once, same call again; refused -> a person authorises again

Low confidence: no official page was readable, ten public programs agree on paths, signature (version 2.0) and names.
Guesses: all codes of errors (they are those of Bilibili's other interfaces); 50 archives a page; `expires_in` is the
moment of the end and no span (both are understood); the token call as a form. `arc/inc-stats` is not read: nobody
says which days it is about. A call's secret and time are signed, so the clock must be right to ten minutes.

Alone: python -m quanyu.sources.bilibili --date 2026-11-20
"""

from __future__ import annotations

from collections.abc import Iterator

from quanyu.contracts import Entity, Mode, Page, Source, Window
from quanyu.sources.bilibili.client import Bilibili, connect


def _archives(client: Bilibili, window: Window) -> Iterator[Page]:
    for rows in client.archives(f"bilibili.archives {max(window.days())}"):
        yield Page(rows)


def _archive_stats(client: Bilibili, window: Window) -> Iterator[Page]:
    return client.archive_stats(f"bilibili.archive_stats {max(window.days())}")


def _user_stats(client: Bilibili, window: Window) -> Iterator[Page]:
    return client.user_stats(f"bilibili.user_stats {max(window.days())}")


SOURCE = Source(
    name="bilibili",
    about=__doc__,
    connect=connect,
    entities=(
        Entity(
            name="archives",
            key=("resource_id",),
            mode=Mode.SNAPSHOT,
            fields={
                "resource_id": "text",
                "title": "text",
                "desc": "text?",
                "tag": "text?",
                "tid": "integer?",
                "cover": "text?",
                "copyright": "integer?",
                "no_reprint": "integer?",
                "ctime": "integer",
                "ptime": "integer",
                "addit_info.state": "integer?",
                "addit_info.state_desc": "text?",
                "addit_info.reject_reason": "text?",
                "video_info.cid": "integer?",
                "video_info.duration": "integer?",
                "video_info.share_url": "text?",
            },
            read=_archives,
        ),
        Entity(
            name="archive_stats",
            key=("resource_id",),
            mode=Mode.SNAPSHOT,
            fields={
                "resource_id": "text",
                "title": "text?",
                "ptime": "integer?",
                "view": "integer",
                "danmaku": "integer",
                "reply": "integer",
                "favorite": "integer",
                "coin": "integer",
                "share": "integer",
                "like": "integer",
            },
            read=_archive_stats,
        ),
        Entity(
            name="user_stats",
            key=("account",),
            mode=Mode.SNAPSHOT,
            fields={
                "account": "text",
                "follower": "integer",
                "following": "integer",
                "arc_passed_total": "integer",
            },
            read=_user_stats,
        ),
    ),
)
