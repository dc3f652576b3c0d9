"""Douyin (抖音): the videos of our account, and how they and the account did day by day.

What: all videos with their sums so far, for the youngest also how long they are watched; and by day the plays, likes,
comments and shares of every video of the last 30 days, and fans, visits and answers of the account. No persons in it.

Why a re-run is safe: videos are a snapshot; a day's figures are one row by day (and video), written again when it is
read again, and the last seven days are. A day leaves the platform after 30: what is not shown any more stays.

    video_list by its cursor -> rows; each video of 30 days: play, like, comment, share -> one row a day
    token dead -> a new one for the refresh token, whose own life does not move and is renewed five times

Yesterday's figures are there at about 10:00 (`ready_at`): a night before leaves that day to the next one.

Guesses: names of the account's figures but those of fans, and of what `item/base` says; a video older than 30 days
has an empty list and no error; 20 videos a page; 28003017 is a used-up quota, 28001006 an illness, 28001014, -16, -18
and -19 missing permissions; 10008 a dead token; a refresh leaves the refresh token as it is.

Alone: python -m quanyu.sources.douyin_content --date 2026-11-20
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import time

from quanyu.contracts import Entity, Mode, Page, Source, Window
from quanyu.sources.douyin_content import figures
from quanyu.sources.douyin_content.client import DouyinOpen, connect


def _videos(client: DouyinOpen, window: Window) -> Iterator[Page]:
    return figures.videos(client, f"douyin_content.videos {max(window.days())}", window)


def _item_days(client: DouyinOpen, window: Window) -> Iterator[Page]:
    return figures.item_days(client, f"douyin_content.item_days {max(window.days())}", window)


def _user_days(client: DouyinOpen, window: Window) -> Iterator[Page]:
    return figures.user_days(client, f"douyin_content.user_days {max(window.days())}", window)


SOURCE = Source(
    name="douyin_content",
    about=__doc__,
    connect=connect,
    entities=(
        Entity(
            name="videos",
            key=("item_id",),
            mode=Mode.SNAPSHOT,
            fields={
                "item_id": "text",
                "title": "text?",
                "create_time": "integer",
                "share_url": "text?",
                "media_type": "integer?",
                "video_status": "integer?",
                "statistics.play_count": "integer?",
                "statistics.digg_count": "integer?",
                "statistics.comment_count": "integer?",
                "statistics.share_count": "integer?",
                "statistics.download_count": "integer?",
                "statistics.forward_count": "integer?",
                "base.avg_play_duration": "text?",
                "base.total_play": "text?",
                "base.total_like": "text?",
                "base.total_comment": "text?",
                "base.total_share": "text?",
            },
            read=_videos,
        ),
        Entity(
            name="item_days",
            key=("item_id", "date"),
            mode=Mode.INCREMENT,
            fields={
                "item_id": "text",
                "date": "text",
                "play": "integer",
                "like": "integer",
                "comment": "integer",
                "share": "integer",
            },
            read=_item_days,
            reread_days=7,
            ready_at=time(10),
        ),
        Entity(
            name="user_days",
            key=("date",),
            mode=Mode.INCREMENT,
            fields={
                "date": "text",
                "new_issue": "integer?",
                "new_play": "integer?",
                "total_issue": "integer?",
                "new_fans": "integer",
                "total_fans": "integer",
                "new_like": "integer?",
                "new_comment": "integer?",
                "new_share": "integer?",
                "profile_uv": "integer?",
            },
            read=_user_days,
            reread_days=7,
            ready_at=time(10),
        ),
    ),
)
