"""WeCom customer broadcast (客户群发, `add_msg_template`): one text that a member of staff sends to own customers.

What it promises: what was handed over can be looked up for a month. There is no key against repeats, but every
broadcast lists its customers, so a batch whose answer was lost is found by customer, member, day and text; a
customer whom the member wrote something else to on that day stays unknown. What it does not: the call only makes
a task, and nobody gets anything before the member confirms it. `delivered` is therefore heard of nights later.

    {sender, external_userid[], text} -> msgid -> get_groupmsg_send_result -> sent | not a friend | over the cap
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from quanyu import wechat
from quanyu.broadcasts import ABILITY, SINGLE, Broadcasts
from quanyu.contracts import Channel, Connection


@contextmanager
def connect(where: Connection) -> Iterator[Broadcasts]:
    """Open the corp behind the connection `quanyu_wecom`; `Message.sender` is the member, `address` the customer."""
    with wechat.connect(wechat.WECOM, where) as api:
        yield Broadcasts(api, SINGLE)


CHANNEL = Channel(
    name="wecom_broadcast",
    about=__doc__,
    connection="wecom",
    address_type="external_userid",
    ability=ABILITY,
    largest_batch=10_000,
    connect=connect,
)
