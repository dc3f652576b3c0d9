"""Tags of a WeCom corp's customers (企业客户标签): what a guide sees beside the customer, and broadcasts filter by.

    get_corp_tag_list -> add_corp_tag, in a group of ours -> mark_tag, one member of staff and one customer a call

A tag sits on a relation: the customer of another member of staff is another row. The platform takes five calls at a
time (45033 beyond), which other processes of the corp share. A customer who is no longer one of that member's, or a
member who left, has no tag to lose. An app edits only tags that it made itself, so nobody else fills ours; that a
person takes one off in the client is not seen here (reading the tags of everybody is the source's, each night).

Guesses: 40071 is a name that the group has already; a `group_name` that exists puts the tag into that group.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from quanyu import wechat
from quanyu.contracts import Audience, Connection, Member, Message, Receipt, RemoteList, Verdict
from quanyu.errors import Retryable, TokenExpired
from quanyu.fan import Answer, Call, Fan

_PATH = "/cgi-bin/externalcontact/"
_GROUP = "全域人群"
_NAME_EXISTS = 40071
_AT_ONCE = 5
# The relation is gone: not a customer (of this member), an id that is none, a member who left or may have no customers.
_NO_RELATION = {40003, 40096, 60111, 84061, 84074}


class WeComTag:
    """The corp as an audience client; `sender` is the member of staff, `address` the external_userid."""

    def __init__(self, api: wechat.WeChat, fan: Fan) -> None:
        self._api = api
        self._fan = fan
        self._refused = ""
        self._went_with: dict[str, str] = {}

    def open(self, name: str) -> RemoteList:
        """Find the tag or create it."""
        if tag := self._find(name):
            return RemoteList(name=name, id=tag)
        body = {"group_name": _GROUP, "tag": [{"name": name}]}
        answer = self._api.call("POST", _PATH + "add_corp_tag", body=body, accept={_NAME_EXISTS})
        if answer.get("errcode") == _NAME_EXISTS:
            tag = self._find(name)
        else:
            tags = answer["tag_group"]["tag"]
            tag = next((str(made["id"]) for made in tags if made["name"] == name), "")
        if not tag:
            raise Retryable(f"wecom add_corp_tag: the tag {name} is neither made nor there.")
        return RemoteList(name=name, id=tag)

    def add(self, to: RemoteList, members: Sequence[Member]) -> list[Receipt]:
        """Tag customers, each with the member of staff whose customer they are."""
        return self._mark("add_tag", to, members, no_relation=Verdict.REFUSED)

    def remove(self, of: RemoteList, members: Sequence[Member]) -> list[Receipt]:
        """Take the tag from customers."""
        return self._mark("remove_tag", of, members, no_relation=Verdict.ACCEPTED)

    def _find(self, name: str) -> str:
        answer = self._api.call("POST", _PATH + "get_corp_tag_list", body={})
        for group in answer.get("tag_group") or []:
            if group.get("group_name") == _GROUP and not group.get("deleted"):
                for tag in group.get("tag") or []:
                    if tag.get("name") == name and not tag.get("deleted"):
                        return str(tag["id"])
        return ""

    def _mark(
        self, change: str, which: RemoteList, members: Sequence[Member], *, no_relation: Verdict
    ) -> list[Receipt]:
        def call_of(message: Message) -> Call:
            token = self._went_with[message.key] = self._api.token(refused=self._refused)
            body = {"userid": message.sender, "external_userid": message.address, change: [which.id]}
            return Call("POST", _PATH + "mark_tag", params={"access_token": token}, json=body)

        def receipt_of(message: Message, answer: Answer) -> Receipt:
            said = answer.json()
            try:
                self._api.check(said, _PATH + "mark_tag", accept=_NO_RELATION)
            except TokenExpired:
                self._refused = self._went_with[message.key]
                raise
            code = int(said.get("errcode") or 0)
            verdict = no_relation if code else Verdict.ACCEPTED
            return Receipt(key=message.key, verdict=verdict, code=str(code or ""))

        rows = [
            Message(key=member.key, address=member.address, sender=member.sender, template=which.name)
            for member in members
        ]
        return self._fan.deliver(rows, call_of, receipt_of)


@contextmanager
def connect(where: Connection) -> Iterator[WeComTag]:
    """Open the corp behind the connection `quanyu_wecom`."""
    with wechat.connect(wechat.WECOM, where) as api, Fan.of(where, at_once=_AT_ONCE) as fan:
        yield WeComTag(api, fan)


AUDIENCE = Audience(
    name="wecom_tag",
    about=__doc__,
    connection="wecom",
    address_type="external_userid",
    consent="marketing",
    largest_batch=1_000,
    longest_name=30,
    connect=connect,
)
