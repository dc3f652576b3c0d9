"""WeChat official account: everybody who follows it with openid and unionid, tags, and eight daily reports.

What: one row per follower, as `user/info` says it, and the names of their tags; how many came and left by source,
how many there are, what was read and shared by article and by source, what was written to the account, how fast it
answered. There are no persons in the reports.

Why a re-run is safe: followers and tags are snapshots, since this API knows no "since"; reading them twice gives the
same rows, and a list that ends early is an error and not a wave of people who left. A report's day is read whole and
replaces that day. Figures settle for some days and an article is totalled for seven, so each night reads some again.

    stable_token -> user/get, 10,000 openids a page -> user/info/batchget, 100 at a time -> rows by openid
    token dead -> one new token, same call again
    report: as many days a call as it allows -> rows by day; tags: one call

Guesses: 08:00, from when the platform has yesterday (said to be about then); `getuserread` has `user_source` in
every row, 99999999 for all together (some documents show it in the hourly report only: then rows lack their key and
the gate says so); a quiet day has an empty list and not none.

Alone: python -m quanyu.sources.official_account --date 2026-11-20
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from datetime import time as clock_time
from functools import partial

from quanyu import wechat
from quanyu.contracts import Connection, Entity, Mode, Page, Personal, Source, Window
from quanyu.sources.official_account import cubes
from quanyu.sources.official_account.client import followers, tags
from quanyu.sources.official_account.cubes import Cube
from quanyu.transport import place


def _followers(client: wechat.WeChat, window: Window) -> Iterator[Page]:
    with place(f"official_account.followers {max(window.days())}"):
        yield from followers(client)


def _tags(client: wechat.WeChat, window: Window) -> Iterator[Page]:
    with place(f"official_account.tags {max(window.days())}"):
        yield tags(client)


def _report(name: str, cube: Cube, client: wechat.WeChat, window: Window) -> Iterator[Page]:
    return cubes.read(client, f"official_account.{name}", cube, window)


def _connect(
    where: Connection, *, sleep: Callable[[float], None] = time.sleep
) -> AbstractContextManager[wechat.WeChat]:
    return wechat.connect(wechat.OFFICIAL_ACCOUNT, where, sleep=sleep)


def _daily(name: str, cube: Cube, key: tuple[str, ...], fields: Mapping[str, str], reread_days: int = 3) -> Entity:
    return Entity(
        name=name,
        key=("ref_date", *key),
        mode=Mode.DAILY,
        fields={"ref_date": "text", **fields},
        read=partial(_report, name, cube),
        reread_days=reread_days,
        ready_at=clock_time(8),
    )


_SHARED = {"share_user": "integer", "share_count": "integer"}
_READ = {
    "int_page_read_user": "integer",
    "int_page_read_count": "integer",
    "ori_page_read_user": "integer?",
    "ori_page_read_count": "integer?",
    **_SHARED,
    "add_to_fav_user": "integer",
    "add_to_fav_count": "integer",
}
# The last two routes came later than the others.
_ROUTES = ("session", "hist_msg", "feed", "friends", "other", "kanyikan", "souyisou")
_TOTALLED = {
    "stat_date": "text",
    "target_user": "integer",
    **_READ,
    **{f"int_page_from_{route}_read_{what}": "integer?" for route in _ROUTES for what in ("user", "count")},
    **{
        f"feed_share_from_{route}_{what}": "integer?"
        for route in ("session", "feed", "other")
        for what in ("user", "cnt")
    },
}


SOURCE = Source(
    name="official_account",
    about=__doc__,
    connect=_connect,
    entities=(
        Entity(
            name="followers",
            key=("openid",),
            mode=Mode.SNAPSHOT,
            # Names and pictures have been blank since 2021, but they are still sent.
            # Somebody who left between the two calls has `subscribe` 0 and nothing else.
            fields={
                "openid": "text",
                "subscribe": "integer",
                "unionid": "text?",
                "language": "text?",
                "subscribe_time": "integer?",
                "subscribe_scene": "text?",
                "qr_scene": "integer?",
                "qr_scene_str": "text?",
                "nickname": "text?",
                "sex": "integer?",
                "city": "text?",
                "province": "text?",
                "country": "text?",
                "headimgurl": "text?",
                "remark": "text?",
                "groupid": "integer?",
                "tagid_list": "array?",
                "tagid_list[]": "integer?",
            },
            personal={"nickname": Personal.NAME, "headimgurl": Personal.TEXT, "remark": Personal.TEXT},
            read=_followers,
        ),
        Entity(
            name="tags",
            key=("id",),
            mode=Mode.SNAPSHOT,
            fields={"id": "integer", "name": "text", "count": "integer?"},
            read=_tags,
        ),
        _daily(
            "user_summary",
            Cube("getusersummary", 7),
            ("user_source",),
            {"user_source": "integer", "new_user": "integer", "cancel_user": "integer"},
        ),
        _daily("user_cumulate", Cube("getusercumulate", 7), (), {"cumulate_user": "integer"}),
        _daily(
            "article_summary",
            Cube("getarticlesummary", 1),
            ("msgid",),
            {"msgid": "text", "title": "text?", **_READ},
        ),
        _daily(
            "article_total",
            Cube("getarticletotal", 1),
            ("msgid",),
            {
                "msgid": "text",
                "title": "text?",
                "details": "array?",
                **{f"details[].{name}": kind for name, kind in _TOTALLED.items()},
            },
            reread_days=7,
        ),
        _daily("user_read", Cube("getuserread", 3), ("user_source",), {"user_source": "integer", **_READ}),
        _daily("user_share", Cube("getusershare", 7), ("share_scene",), {"share_scene": "integer", **_SHARED}),
        _daily(
            "upstream_messages",
            Cube("getupstreammsg", 7),
            ("msg_type",),
            {"msg_type": "integer", "msg_user": "integer", "msg_count": "integer"},
        ),
        _daily(
            "interface_summary",
            Cube("getinterfacesummary", 30),
            (),
            {
                "callback_count": "integer",
                "fail_count": "integer",
                "total_time_cost": "integer",
                "max_time_cost": "integer",
            },
        ),
    ),
)
