"""WeCom: which customer is in touch with which member of staff, and what the member noted.

What: one row per relation of a customer and a member (one customer may have many); names, remarks and the phones
that members typed are personal, portraits are dropped. The words of a remark also come one by one (`remark_words`).

Why a re-run is safe: it is a snapshot; reading it twice gives the same rows. When the app sees only part of the
staff, reading stops, because relations out of sight are not relations that ended.

    gettoken -> get_follow_user_list -> batch/get_by_user, 100 members at a time, by cursor -> rows by customer, member
    token dead -> one new token, same call again; 45033 -> a pause

Alone: python -m quanyu.sources.wecom --date 2026-11-20
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

from quanyu import wechat
from quanyu.contracts import Connection, Entity, Mode, Page, Personal, Source, Window
from quanyu.sources.wecom.client import contacts
from quanyu.transport import place


def _contacts(client: wechat.WeChat, window: Window) -> Iterator[Page]:
    with place(f"wecom.contacts {max(window.days())}"):
        yield from contacts(client)


def _connect(
    where: Connection, *, sleep: Callable[[float], None] = time.sleep
) -> AbstractContextManager[wechat.WeChat]:
    return wechat.connect(wechat.WECOM, where, sleep=sleep)


SOURCE = Source(
    name="wecom",
    about=__doc__,
    connect=_connect,
    entities=(
        Entity(
            name="contacts",
            key=("external_contact.external_userid", "follow_info.userid"),
            mode=Mode.SNAPSHOT,
            fields={
                "external_contact.external_userid": "text",
                "external_contact.name": "text?",
                "external_contact.type": "integer",
                "external_contact.gender": "integer?",
                "external_contact.unionid": "text?",
                "external_contact.corp_name": "text?",
                "follow_info.userid": "text",
                "follow_info.remark": "text?",
                "follow_info.remark_words": "array?",
                "follow_info.description": "text?",
                "follow_info.createtime": "integer",
                "follow_info.tag_id": "array?",
                "follow_info.remark_mobiles": "array?",
                "follow_info.state": "text?",
                "follow_info.oper_userid": "text?",
                "follow_info.add_way": "integer?",
                "follow_info.wechat_channels.nickname": "text?",
                "follow_info.wechat_channels.source": "integer?",
            },
            personal={
                "external_contact.name": Personal.NAME,
                "follow_info.remark": Personal.NAME,
                "follow_info.remark_words[]": Personal.NAME,
                "follow_info.description": Personal.TEXT,
                "follow_info.remark_mobiles[]": Personal.PHONE,
                "follow_info.wechat_channels.nickname": Personal.NAME,
            },
            read=_contacts,
        ),
    ),
)
