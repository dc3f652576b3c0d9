"""Xiaohongshu ads (聚光): what each creative cost and brought, per day and placement.

What: the offline creative report, one row per day, creative and placement (FEED or SEARCH). Numbers arrive as
strings. There are no persons in it.

Why a re-run is safe: each day is read whole and replaces that day. Figures settle for some days, so each night
reads the last three again.

    day by day -> pages while page_num * page_size < total_count -> rows by day, creative, placement
    throttled -> backoff, same page again; token dead -> a person authorises again

Alone: python -m quanyu.sources.xiaohongshu --date 2026-11-20
"""

from __future__ import annotations

from collections.abc import Iterator

from quanyu.contracts import Entity, Mode, Page, Source, Window
from quanyu.sources.xiaohongshu.client import Spotlight, connect


def _creative_report(client: Spotlight, window: Window) -> Iterator[Page]:
    return client.creative_report(window)


SOURCE = Source(
    name="xiaohongshu",
    about=__doc__,
    connect=connect,
    entities=(
        Entity(
            name="creative_report",
            key=("time", "creativity_id", "placement"),
            mode=Mode.DAILY,
            fields={
                "time": "text",
                "creativity_id": "text",
                "creativity_name": "text?",
                "placement": "text",
                "campaign_id": "text",
                "campaign_name": "text?",
                "unit_id": "text?",
                "note_id": "text?",
                "fee": "text",
                "impression": "text",
                "click": "text",
                "ctr": "text?",
                "acp": "text?",
                "cpm": "text?",
                "like": "text?",
                "comment": "text?",
                "collect": "text?",
                "follow": "text?",
                "share": "text?",
                "interaction": "text?",
                "leads": "text?",
                "msg_leads_num": "text?",
            },
            read=_creative_report,
            reread_days=3,
        ),
    ),
)
