"""Xiaohongshu's creators (蒲公英): how the notes they published for us were read and answered.

What: one row per note with its figures so far: shown, read, liked, collected, and how much of it was paid for.

Why a re-run is safe: a note is one row by its id, read by the day it was published; its figures grow, so each night
reads the notes of the last 30 days again.

    a month at a time by day of publication -> pages up to total_page -> rows by note_id
    token dead -> both tokens turned over once, same call again; refused -> a person authorises again

A source of its own beside `xiaohongshu`, since this interface is authorised by itself. Guesses: the token goes into
`Authorization: Bearer` (of one public caller; the advertising interface takes `Access-Token`); figures are sums since
publication; the unit of the creator's price, which is therefore landed and used nowhere.

Alone: python -m quanyu.sources.xiaohongshu_notes --date 2026-11-20
"""

from __future__ import annotations

from collections.abc import Iterator

from quanyu.contracts import Entity, Mode, Page, Personal, Source, Window
from quanyu.sources.xiaohongshu_notes.client import Notes, connect


def _notes(client: Notes, window: Window) -> Iterator[Page]:
    return client.notes(window)


SOURCE = Source(
    name="xiaohongshu_notes",
    about=__doc__,
    connect=connect,
    entities=(
        Entity(
            name="notes",
            key=("note_id",),
            mode=Mode.INCREMENT,
            fields={
                "note_id": "text",
                "date_key": "text?",
                "order_id": "text?",
                "brand_user_id": "text?",
                "brand_user_name": "text?",
                "spu_name": "text?",
                "kol_id": "text?",
                "kol_nick_name": "text?",
                "kol_fan_num": "integer?",
                "kol_price": "integer?",
                "total_platform_price": "integer?",
                "note_title": "text?",
                "note_type": "integer?",
                "note_publish_time": "text",
                "imp_num": "integer",
                "promotion_imp_num": "integer?",
                "read_num": "integer",
                "promotion_read_num": "integer?",
                "engage_num": "integer?",
                "like_num": "integer?",
                "fav_num": "integer?",
                "cmt_num": "integer?",
                "share_num": "integer?",
            },
            personal={"kol_nick_name": Personal.TEXT},
            read=_notes,
            reread_days=30,
        ),
    ),
)
