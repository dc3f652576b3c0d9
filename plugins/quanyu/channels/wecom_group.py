"""WeCom group broadcast (客户群群发, `add_msg_template`): one text that owners send to their customer groups.

What it promises: what was handed over can be looked up for a month, as that of a broadcast to customers. What it does
not: the call only makes a task, nobody in the group sees anything before its owner confirms it, and that everybody in
the group reads it cannot be known. `delivered` means that the owner sent it. Owners whose app is older than 4.1.10
choose the groups themselves.

    {sender = owner, chat_id[], text} -> msgid -> get_groupmsg_send_result -> sent | over the cap

A segment of groups has one row per group: whoever stands for it in `bridge_customer_addresses` has the chat_id as
address and the owner as sender. Two people with the same chat_id make it ring once.

Guess: `fail_list`, documented for customers, holds the groups that the sender does not own.

Source: developer.work.weixin.qq.com/document/path/92135 (creating), 93338 (results).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from quanyu import wechat
from quanyu.broadcasts import ABILITY, GROUP, Broadcasts
from quanyu.contracts import Channel, Connection


@contextmanager
def connect(where: Connection) -> Iterator[Broadcasts]:
    """Open the corp behind the connection `quanyu_wecom`; `Message.sender` is the owner, `address` the chat_id."""
    with wechat.connect(wechat.WECOM, where) as api:
        yield Broadcasts(api, GROUP)


CHANNEL = Channel(
    name="wecom_group",
    about=__doc__,
    connection="wecom",
    address_type="chat_id",
    ability=ABILITY,
    largest_batch=2_000,
    connect=connect,
)
