"""WeChat official account: template messages to single followers (模板消息, `message/template/send`).

What it promises: a verdict per follower, pushed to the brand within seconds. What it does not: nothing can be asked, so
a message whose answer was lost is parked for a person. `client_msg_id` goes along: for the same follower and key the
platform sends once within 10 minutes. That is shorter than a sender may take, and no promise to rest on.

    {touser, template_id, data, client_msg_id} -> msgid ... TEMPLATESENDJOBFINISH <MsgID> <Status>

The platform forbids marketing: these messages are for care and service.

Connection `quanyu_official_account`: extra {"receipts_url"?, "links"?: {template id: url}}.
Source: developers.weixin.qq.com/doc/service/api/notify/template (api_sendtemplatemessage, api_getalltemplates).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from quanyu import wechat
from quanyu.contracts import Channel, Connection, Neither, Record, Verdict
from quanyu.fan import Fan
from quanyu.wechat_notices import Kind, Notices


def _told(body: Record) -> Iterator[tuple[str, Verdict, str]]:
    """`success`, `failed:user block` or `failed: system failed`."""
    status = str(body.get("Status"))
    yield str(body.get("MsgID")), Verdict.DELIVERED if status == "success" else Verdict.FAILED, status


_KIND = Kind(
    path="/cgi-bin/message/template/send",
    templates="/cgi-bin/template/get_all_private_template",
    listed_as="template_list",
    id_as="template_id",
    link_as="url",
    key_as="client_msg_id",
    event="TEMPLATESENDJOBFINISH",
    told=_told,
)


@contextmanager
def connect(where: Connection) -> Iterator[Notices]:
    """Open the account behind the connection `quanyu_official_account`."""
    with wechat.connect(wechat.OFFICIAL_ACCOUNT, where) as api, Fan.of(where) as fan:
        yield Notices(api, fan, _KIND, where)


CHANNEL = Channel(
    name="official_account_template",
    about=__doc__,
    connection="official_account",
    address_type="openid",
    ability=Neither(),
    # A lost process parks its whole batch.
    largest_batch=100,
    is_personal=True,
    is_coded=True,
    purposes=frozenset({"care", "service"}),
    connect=connect,
)
