"""Tencent Ads (广点通): what each adgroup cost and brought per day, and the leads people left on its forms.

What: the daily report by adgroup (this version of the API has no campaigns), and one row per lead with the phone as
it was typed. ID-card numbers, addresses and free answers, which a form may ask for, are never read in.

Why a re-run is safe: each day of the report is read whole and replaces that day; conversions are booked on an earlier
day for up to a month, so each night reads the last 30 days again. A lead is one row by its id, read by the time the
platform filed it; the last seven days come again, since its tags move.

    day by day -> pages while there are more than page * page_size rows -> rows by day, adgroup
    leads: newest first, each page after the time and id of the last row, since page numbers end at 5,000 rows
    11000 -> one new access token, same call again; 11016/11017 -> a pause; 11018 -> tomorrow
    the report of a day is whole from 08:00 of the next: an earlier night leaves that day to the one after it

Guesses: `time_type` is a parameter beside `time_range` (the official SDK does not know it); the end of a time range
is included; `leads_create_time` is a wall clock text of China; a refresh keeps the refresh token (where the answer
brings another, that one is kept); page numbers below 5,000 rows may be replaced by the cursor.

Alone: python -m quanyu.sources.tencent_ads --date 2026-11-20
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import time

from quanyu.contracts import Entity, Mode, Page, Personal, Source, Window
from quanyu.sources.tencent_ads.client import TencentAds, connect


def _adgroup_report(client: TencentAds, window: Window) -> Iterator[Page]:
    return client.adgroup_report(window)


def _leads(client: TencentAds, window: Window) -> Iterator[Page]:
    return client.leads(window)


SOURCE = Source(
    name="tencent_ads",
    about=__doc__,
    connect=connect,
    entities=(
        Entity(
            name="adgroup_report",
            key=("date", "adgroup_id"),
            mode=Mode.DAILY,
            fields={
                "date": "text",
                "adgroup_id": "integer",
                "account_id": "integer?",
                "cost": "integer",
                "view_count": "integer",
                "valid_click_count": "integer",
                "ctr": "number?",
                "cpc": "number?",
                "thousand_display_price": "number?",
                "conversions_count": "integer",
                "conversions_cost": "number?",
            },
            read=_adgroup_report,
            reread_days=30,
            ready_at=time(8),
        ),
        Entity(
            name="leads",
            key=("leads_id",),
            mode=Mode.INCREMENT,
            fields={
                "leads_id": "integer",
                "account_id": "integer",
                "outer_leads_id": "text?",
                "click_id": "text?",
                "adgroup_id": "integer?",
                "adgroup_name": "text?",
                "dynamic_creative_id": "integer?",
                "component_id": "text?",
                "page_url": "text?",
                "leads_type": "text?",
                "leads_source": "text?",
                "leads_follow_tag": "text?",
                "leads_name": "text?",
                "leads_telephone": "text?",
                "telephone_location": "text?",
                "leads_email": "text?",
                "leads_qq": "text?",
                "leads_wechat": "text?",
                "leads_gender": "text?",
                "leads_create_time": "text",
                "leads_action_time": "text",
                "leads_tags": "text?",
                "call_duration": "text?",
            },
            personal={
                "leads_name": Personal.NAME,
                "leads_telephone": Personal.PHONE,
                "leads_email": Personal.EMAIL,
                "leads_qq": Personal.TEXT,
                "leads_wechat": Personal.TEXT,
            },
            read=_leads,
            reread_days=7,
        ),
    ),
)
