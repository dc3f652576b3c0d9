"""WeCom: customers and who is in touch with them, tags, groups, how members talk, broadcasts and what came of them.

What: one row per relation of a customer and a member (one customer may have many); names, remarks and the phones
that members typed are personal, portraits are dropped, the words of a remark also come one by one (`remark_words`).
One row per member, per tag, per group with its members; the counters of each member and day; one row per broadcast,
and per broadcast, member and recipient.

Why a re-run is safe: contacts, staff, tags and groups are snapshots; reading them twice gives the same rows. When the
app sees only part of the staff, reading stops, because relations out of sight are not relations that ended. A day of
counters is read whole and replaces that day. Members confirm a broadcast days after it was made, so each night reads
the last ones again; a row is known by broadcast, member and recipient.

    gettoken -> get_follow_user_list -> batch/get_by_user, 100 members at a time, by cursor -> rows by customer, member
    groupchat/list by cursor -> groupchat/get, one by one; counters: one call per member and 30 days
    get_groupmsg_list_v2 by cursor -> get_groupmsg_task -> get_groupmsg_send_result, per member by cursor
    token dead -> one new token, same call again; 45033 -> a pause

Guesses: 49008 is a group that was dismissed since it was listed; a span of counters names its last day by that day's
midnight and counts it in; the counters of a day are there by 08:00 (zeros were seen at 02:32); of a broadcast's task,
status 2 is done and every other is not (documents say 0 and 2, a copied sample shows 1).

Alone: python -m quanyu.sources.wecom --date 2026-11-20
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import time as clock_time

from quanyu import wechat
from quanyu.contracts import Connection, Entity, Mode, Page, Personal, Source, Window
from quanyu.sources.wecom import broadcasts, client, groups
from quanyu.sources.wecom.behaviour import behaviour
from quanyu.transport import place


def _night(entity: str, window: Window) -> str:
    return f"wecom.{entity} {max(window.days())}"


def _contacts(corp: wechat.WeChat, window: Window) -> Iterator[Page]:
    with place(night := _night("contacts", window)):
        yield from client.contacts(corp, night)


def _staff(corp: wechat.WeChat, window: Window) -> Iterator[Page]:
    with place(_night("staff", window)):
        yield Page([{"userid": userid} for userid in client.members(corp)])


def _tags(corp: wechat.WeChat, window: Window) -> Iterator[Page]:
    with place(_night("tags", window)):
        yield client.tags(corp)


def _groups(corp: wechat.WeChat, window: Window) -> Iterator[Page]:
    with place(night := _night("groups", window)):
        yield from groups.groups(corp, night)


def _behaviour(corp: wechat.WeChat, window: Window) -> Iterator[Page]:
    return behaviour(corp, "wecom.behaviour", window)


def _broadcasts(corp: wechat.WeChat, window: Window) -> Iterator[Page]:
    return broadcasts.broadcasts(corp, _night("broadcasts", window), window)


def _results(corp: wechat.WeChat, window: Window) -> Iterator[Page]:
    return broadcasts.results(corp, _night("broadcast_results", window), window)


def _connect(
    where: Connection, *, sleep: Callable[[float], None] = time.sleep
) -> AbstractContextManager[wechat.WeChat]:
    return wechat.connect(wechat.WECOM, where, sleep=sleep)


_ATTACHED = (
    "image.media_id",
    "image.pic_url",
    "link.title",
    "link.picurl",
    "link.desc",
    "link.url",
    "miniprogram.title",
    "miniprogram.pic_media_id",
    "miniprogram.appid",
    "miniprogram.page",
    "video.media_id",
    "file.media_id",
)

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
        Entity(name="staff", key=("userid",), mode=Mode.SNAPSHOT, fields={"userid": "text"}, read=_staff),
        Entity(
            name="tags",
            key=("id",),
            mode=Mode.SNAPSHOT,
            fields={
                "id": "text",
                "name": "text",
                "create_time": "integer?",
                "order": "integer?",
                "deleted": "boolean?",
                "group.group_id": "text",
                "group.group_name": "text",
                "group.create_time": "integer?",
                "group.order": "integer?",
                "group.deleted": "boolean?",
            },
            read=_tags,
        ),
        Entity(
            name="groups",
            key=("chat_id",),
            mode=Mode.SNAPSHOT,
            fields={
                "chat_id": "text",
                "status": "integer?",
                "name": "text?",
                "owner": "text",
                "create_time": "integer",
                "notice": "text?",
                "member_list": "array",
                "member_list[].userid": "text",
                "member_list[].type": "integer",
                "member_list[].unionid": "text?",
                "member_list[].join_time": "integer",
                "member_list[].join_scene": "integer?",
                "member_list[].state": "text?",
                "member_list[].invitor.userid": "text?",
                "member_list[].name": "text?",
                "member_list[].group_nickname": "text?",
                "admin_list": "array?",
                "admin_list[].userid": "text?",
                "member_version": "text?",
            },
            personal={
                "notice": Personal.TEXT,
                "member_list[].name": Personal.NAME,
                "member_list[].group_nickname": Personal.NAME,
            },
            read=_groups,
        ),
        Entity(
            name="behaviour",
            key=("day", "userid"),
            mode=Mode.DAILY,
            fields={
                "day": "text",
                "userid": "text",
                "stat_time": "integer",
                "chat_cnt": "integer?",
                "message_cnt": "integer?",
                "reply_percentage": "number?",
                "avg_reply_time": "integer?",
                "negative_feedback_cnt": "integer?",
                "new_apply_cnt": "integer?",
                "new_contact_cnt": "integer?",
            },
            read=_behaviour,
            reread_days=3,
            ready_at=clock_time(8),
        ),
        Entity(
            name="broadcasts",
            key=("msgid",),
            mode=Mode.INCREMENT,
            fields={
                "msgid": "text",
                "chat_type": "text",
                "creator": "text?",
                "create_time": "integer",
                "create_type": "integer?",
                "text.content": "text?",
                "attachments": "array?",
                "attachments[].msgtype": "text?",
                **{f"attachments[].{path}": "text?" for path in _ATTACHED},
            },
            # Of a broadcast of their own, members write what they like, to one customer by name for instance.
            personal={"text.content": Personal.TEXT},
            read=_broadcasts,
            reread_days=7,
        ),
        Entity(
            name="broadcast_results",
            key=("msgid", "userid", "recipient"),
            mode=Mode.INCREMENT,
            fields={
                "msgid": "text",
                "userid": "text",
                "recipient": "text",
                "external_userid": "text?",
                "chat_id": "text?",
                "status": "integer",
                "task_status": "integer?",
                "send_time": "integer?",
            },
            read=_results,
            reread_days=7,
        ),
    ),
)
