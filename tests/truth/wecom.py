"""What WeCom must bring."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from quanyu.contracts import Record, Window
from tests.sandbox.world import World
from tests.sandbox.world.systems import wecom
from tests.sandbox.world.systems.wecom_broadcasts import Broadcast, broadcasts
from tests.truth import Facts, Truth, Wire, midnights


def _contacts(world: World, _window: Window, end: datetime) -> Facts:
    tags = wecom.tags_of(world)
    return {
        f"{contact.external_userid}|{contact.staff_userid}": (
            contact.name,
            contact.remark,
            contact.remark_mobiles,
            tags[contact.external_userid, contact.staff_userid],
        )
        for contact in world.contacts
        if contact.exists(end)
    }


def _groups(world: World, _window: Window, end: datetime) -> Facts:
    """Each group with whoever had joined and not left by then."""
    return {
        group.chat_id: (
            group.owner,
            group.notice,
            frozenset(
                (member.userid, 2 if member.person else 1, member.unionid, int(member.joined_at.timestamp()))
                for member in group.members
                if member.joined_at < end and (member.left_at is None or member.left_at >= end)
            ),
        )
        for group in wecom.groups(world)
        if group.created_at < end
    }


def _told_group(row: Record) -> tuple[Any, ...]:
    members = [(one["userid"], one["type"], one.get("unionid"), one["join_time"]) for one in row["member_list"]]
    assert len(members) == len({userid for userid, *_ in members})
    return row["owner"], row["notice"], frozenset(members)


def _behaviour(world: World, window: Window, _end: datetime) -> Facts:
    """What each member of staff did; new contacts and lost ones are counted again, relation by relation."""
    found: Facts = {}
    for day, start, end in midnights(window):
        for userid in world.staff:
            mine = [contact for contact in world.contacts if contact.staff_userid == userid]
            added = sum(start <= contact.added_at < end for contact in mine)
            lost = sum(contact.deleted_at is not None and start <= contact.deleted_at < end for contact in mine)
            did = wecom.talk(world)[day, userid]
            found[f"{day}|{userid}"] = (did.chats, did.messages, did.replied, did.minutes, did.applied, added, lost)
    return found


_COUNTERS = (
    "chat_cnt",
    "message_cnt",
    "reply_percentage",
    "avg_reply_time",
    "new_apply_cnt",
    "new_contact_cnt",
    "negative_feedback_cnt",
)


def _made(world: World, window: Window, end: datetime) -> Iterator[Broadcast]:
    return (one for one in broadcasts(world) if window.start <= one.created_at < window.end and one.created_at < end)


def _broadcasts(world: World, window: Window, end: datetime) -> Facts:
    return {
        one.msgid: (one.chat_type, one.create_type, one.creator, one.content, int(one.created_at.timestamp()))
        for one in _made(world, window, end)
    }


def _results(world: World, window: Window, end: datetime) -> Facts:
    """Nobody has got anything before the member of staff confirmed."""
    return {
        f"{one.msgid}|{task.userid}|{recipient}": (final, 2) if _is_confirmed(task.confirmed_at, end) else (0, 0)
        for one in _made(world, window, end)
        for task in one.tasks
        for recipient, final in task.copies
    }


def _is_confirmed(at: datetime | None, end: datetime) -> bool:
    return at is not None and at < end


TRUTH = {
    "contacts": Truth(
        _contacts,
        lambda row: (
            row["external_contact"]["name"],
            row["follow_info"]["remark"],
            tuple(row["follow_info"]["remark_mobiles"]),
            tuple(row["follow_info"]["tag_id"]),
        ),
    ),
    "staff": Truth(
        lambda world, _window, _end: {userid: (userid,) for userid in world.staff}, lambda row: (row["userid"],)
    ),
    "tags": Truth(
        lambda _world, _window, _end: {tag.id: (tag.name, tag.group_id, tag.group) for tag in wecom.TAGS},
        lambda row: (row["name"], row["group"]["group_id"], row["group"]["group_name"]),
    ),
    "groups": Truth(_groups, _told_group),
    "behaviour": Truth(_behaviour, lambda row: tuple(row.get(name) for name in _COUNTERS)),
    "broadcasts": Truth(
        _broadcasts,
        lambda row: (row["chat_type"], row["create_type"], row["creator"], row["text"]["content"], row["create_time"]),
    ),
    "broadcast_results": Truth(_results, lambda row: (row["status"], row["task_status"])),
}

WIRE = Wire(token="renews", bare=frozenset({"staff"}))
