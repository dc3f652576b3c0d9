"""WeChat mini program: subscription messages (订阅消息, `message/subscribe/send`) to single users.

What it promises: a verdict per user, pushed to the brand within seconds. What it does not: there is no key against
repeats and nothing can be asked, so a message whose answer was lost is parked for a person. One consent is one message:
who agreed once, in the pop-up of the mini program, gets one; a second one is refused (43101).

    {touser, template_id, data, page} -> msgid ... subscribe_msg_sent_event {MsgID, ErrorCode}

Values have the length and the letters that their field takes (thing: 20 characters, phrase: 5 Chinese ones, ...). One
that does not fit is refused here as the platform would, with 47003 and the field's name, and spends nobody's consent.

Guesses: names and mixed names count as 10 characters, a symbol may be any sign. The msgid in the answer is not on the
platform's page, but answers carry it; without it a message gets no receipt.

Connection `quanyu_mini_program`: extra {"receipts_url"?, "links"?: {template id: page}}.
Source: developers.weixin.qq.com/miniprogram/dev/OpenApiDoc/mp-message-management/subscribe-message.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from quanyu import wechat
from quanyu.contracts import Channel, Connection, Neither, Record, Verdict
from quanyu.fan import Fan
from quanyu.wechat_notices import Kind, Notices

_MINI_PROGRAM = replace(wechat.OFFICIAL_ACCOUNT, name="mini program")

_FITS = {
    "thing": re.compile(r".{1,20}"),
    "number": re.compile(r"-?[\d.]{1,32}"),
    "letter": re.compile(r"[A-Za-z]{1,32}"),
    "symbol": re.compile(r".{1,5}"),
    "character_string": re.compile(r"[ -~]{1,32}"),
    "amount": re.compile(r"[^\d]?\d{1,10}(\.\d+)?元?"),
    "phone_number": re.compile(r"[\d+() -]{1,17}"),
    "car_number": re.compile(r".{1,8}"),
    "name": re.compile(r".{1,10}|[ -~]{1,20}"),
    "phrase": re.compile(r"[\u4e00-\u9fff]{1,5}"),
}


def _told(body: Record) -> Iterator[tuple[str, Verdict, str]]:
    """One row or several, as the platform pushes them in JSON and in XML."""
    rows = body.get("List") or (body.get("SubscribeMsgSentEvent") or {}).get("List") or ()
    for row in rows if isinstance(rows, list) else [rows]:
        code = str(row.get("ErrorCode"))
        yield str(row.get("MsgID")), Verdict.DELIVERED if code == "0" else Verdict.FAILED, code


_KIND = Kind(
    path="/cgi-bin/message/subscribe/send",
    templates="/wxaapi/newtmpl/gettemplate",
    listed_as="data",
    id_as="priTmplId",
    link_as="page",
    event="subscribe_msg_sent_event",
    told=_told,
    fits=_FITS,
)


@contextmanager
def connect(where: Connection) -> Iterator[Notices]:
    """Open the mini program behind the connection `quanyu_mini_program`."""
    with wechat.connect(_MINI_PROGRAM, where) as api, Fan.of(where) as fan:
        yield Notices(api, fan, _KIND, where)


CHANNEL = Channel(
    name="subscription_message",
    about=__doc__,
    connection="mini_program",
    address_type="mini_program_openid",
    ability=Neither(),
    # A lost process parks its whole batch.
    largest_batch=100,
    is_personal=True,
    is_coded=True,
    connect=connect,
)
