"""WeChat official account: everybody who follows it, with openid and unionid.

What: one row per follower, as `user/info` says it. There is no "since" at this API, so each night reads all.

Why a re-run is safe: it is a snapshot; reading it twice gives the same rows. A list that ends early is an error
and not a wave of people who left.

    stable_token -> user/get, 10,000 openids a page -> user/info/batchget, 100 at a time -> rows by openid
    token dead -> one new token, same call again

Alone: python -m quanyu.sources.official_account --date 2026-11-20
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

from quanyu import wechat
from quanyu.contracts import Connection, Entity, Mode, Page, Personal, Source, Window
from quanyu.sources.official_account.client import followers
from quanyu.transport import place


def _followers(client: wechat.WeChat, window: Window) -> Iterator[Page]:
    with place(f"official_account.followers {max(window.days())}"):
        yield from followers(client)


def _connect(
    where: Connection, *, sleep: Callable[[float], None] = time.sleep
) -> AbstractContextManager[wechat.WeChat]:
    return wechat.connect(wechat.OFFICIAL_ACCOUNT, where, sleep=sleep)


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
            },
            personal={"nickname": Personal.NAME, "headimgurl": Personal.TEXT, "remark": Personal.TEXT},
            read=_followers,
        ),
    ),
)
