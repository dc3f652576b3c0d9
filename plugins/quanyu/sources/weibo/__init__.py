"""Weibo: the newest posts of our account, and how often each was passed on, answered and liked.

What: one row per post that the platform still shows, and its three counts asked for by id. Whoever answered is not
read: there are no persons in it.

Why a re-run is safe: a post is one row by its id; what is no longer shown stays as it was last seen. Counts grow, so
each night reads the posts of the last 30 days again.

    user_timeline, newest first, until the window lies behind -> rows by id; count by the ids of those posts
    10022-10024 -> not before the next full hour; 21327 and its kin -> a person authorises again, there is no refresh

Low confidence: known from old packages and public lists of errors only; whether an app still gets these permissions
is open, and a sheet of the content team (source `content_desk`) brings the same figures without any. Guesses: only
the newest few posts are shown although total_number counts all; 100 a page and 100 ids a call; the codes of dead
tokens beyond 21327 (10006 was seen for one in 2014).

Alone: python -m quanyu.sources.weibo --date 2026-11-20
"""

from __future__ import annotations

from collections.abc import Iterator

from quanyu.contracts import Entity, Mode, Page, Source, Window
from quanyu.sources.weibo.client import Weibo, connect


def _statuses(client: Weibo, window: Window) -> Iterator[Page]:
    return client.statuses(f"weibo.statuses {max(window.days())}", window)


def _status_counts(client: Weibo, window: Window) -> Iterator[Page]:
    return client.counts(f"weibo.status_counts {max(window.days())}", window)


SOURCE = Source(
    name="weibo",
    about=__doc__,
    connect=connect,
    entities=(
        Entity(
            name="statuses",
            key=("id",),
            mode=Mode.INCREMENT,
            fields={
                "id": "integer",
                "idstr": "text?",
                "mid": "text?",
                "created_at": "text",
                "text": "text",
                "source": "text?",
                "reposts_count": "integer",
                "comments_count": "integer",
                "attitudes_count": "integer",
            },
            read=_statuses,
            reread_days=30,
        ),
        Entity(
            name="status_counts",
            key=("id",),
            mode=Mode.INCREMENT,
            fields={"id": "integer", "reposts": "integer", "comments": "integer", "attitudes": "integer"},
            read=_status_counts,
            reread_days=30,
        ),
    ),
)
