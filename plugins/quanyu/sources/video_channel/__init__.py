"""Video channel (视频号): live sessions, the phones left in them, how the forms were seen, and the shop's daily sales.

What: sessions with their audience; leads by form and day, and by form and session; how often each form was seen in a
session; one row of sales a day as the shop and as the channel see it. Phones are personal and part of the key, which
is formed of their tokens. Anchors' nicknames are dropped.

Why a re-run is safe: each day is read whole and replaces that day. Leads come minutes late and figures settle for
some days, so each night reads some days again.

    day by day -> last_buffer while continue_flag -> rows by day (sessions, promotions: by the day the session began)
    leads: forms -> phones of each form and day; forms -> sessions -> phones of each session
    compass: one call per day, digits as text

Guesses: both ends of a range belong to it; amounts of the compass are fen (said by a third party's SDK); without
`version` a lead is `{"phone"}` and nothing else (another SDK asks for version 1 and gets texts of JSON with the time
of the lead: a richer answer, once somebody with an account has seen it).

Alone: python -m quanyu.sources.video_channel --date 2026-11-20
"""

from __future__ import annotations

from collections.abc import Iterator

from quanyu.contracts import Entity, Mode, Page, Personal, Source, Window
from quanyu.sources.video_channel import client as channel
from quanyu.wechat import WeChat


def _lives(client: WeChat, window: Window) -> Iterator[Page]:
    return channel.live_sessions(client, "video_channel.lives", window)


def _leads(client: WeChat, window: Window) -> Iterator[Page]:
    return channel.leads(client, "video_channel.leads", window)


def _live_leads(client: WeChat, window: Window) -> Iterator[Page]:
    return channel.live_leads(client, "video_channel.live_leads", window)


def _promotions(client: WeChat, window: Window) -> Iterator[Page]:
    return channel.promotions(client, "video_channel.promotions", window)


def _shop_days(client: WeChat, window: Window) -> Iterator[Page]:
    return channel.compass(client, "video_channel.shop_days", "shop", window)


def _finder_days(client: WeChat, window: Window) -> Iterator[Page]:
    return channel.compass(client, "video_channel.finder_days", "finder", window)


SOURCE = Source(
    name="video_channel",
    about=__doc__,
    connect=channel.connect,
    entities=(
        Entity(
            name="lives",
            key=("export_id",),
            mode=Mode.DAILY,
            fields={
                "export_id": "text",
                "live_start_time": "integer",
                "live_duration_in_seconds": "integer?",
                "total_audience_count": "integer?",
                "total_cheer_count": "integer?",
                "forward_count": "integer?",
                "total_comment_count": "integer?",
                "audiences_avg_seconds": "integer?",
                "max_online_count": "integer?",
                "new_follow_count": "integer?",
                "new_follow_count_biz": "integer?",
            },
            read=_lives,
            reread_days=3,
        ),
        Entity(
            name="leads",
            key=("day", "component_id", "phone"),
            mode=Mode.DAILY,
            fields={"day": "text", "component_id": "text", "phone": "text"},
            personal={"phone": Personal.PHONE},
            read=_leads,
            reread_days=3,
        ),
        Entity(
            name="live_leads",
            key=("request_id", "phone"),
            mode=Mode.DAILY,
            fields={
                "request_id": "text",
                "component_id": "text",
                "live_start_time": "integer",
                "live_description": "text?",
                "phone": "text",
            },
            personal={"phone": Personal.PHONE},
            read=_live_leads,
            reread_days=3,
        ),
        Entity(
            name="promotions",
            key=("component_id", "live_start_time"),
            mode=Mode.DAILY,
            fields={
                "component_id": "text",
                "live_start_time": "integer",
                "live_description": "text?",
                "exposure_uv": "text",
                "click_uv": "text",
                "exposure_click_rate": "text?",
                "leads_num": "text",
            },
            read=_promotions,
            reread_days=7,
        ),
        Entity(
            name="shop_days",
            key=("ds",),
            mode=Mode.DAILY,
            fields={
                "ds": "text",
                "pay_gmv": "text",
                "pay_uv": "text",
                "pay_order_cnt": "text",
                "pay_refund_gmv": "text",
                "product_click_uv": "text?",
                "live_pay_gmv": "text?",
                "feed_pay_gmv": "text?",
            },
            read=_shop_days,
            reread_days=7,
        ),
        Entity(
            name="finder_days",
            key=("ds",),
            mode=Mode.DAILY,
            fields={
                "ds": "text",
                "pay_gmv": "text",
                "live_pay_gmv": "text?",
                "feed_pay_gmv": "text?",
                "window_pay_gmv": "text?",
                "product_pay_gmv": "text?",
                "other_pay_gmv": "text?",
            },
            read=_finder_days,
            reread_days=7,
        ),
    ),
)
