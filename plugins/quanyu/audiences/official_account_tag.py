"""Tags of a WeChat official account (公众号标签): who has the segment's tag gets what the account sends to that tag.

    tags/get -> tags/create -> batchtagging | batchuntagging, 50 fans a call -> user/tag/get: who has it

One openid that the account does not know refuses the whole call; the call is then halved until it stands alone. Who
stopped following has no tags any more. The ceilings are the platform's: 100 tags an account, 20 a fan (45059 refuses
that fan). A fan who unfollows and follows again loses the tag, which no change of ours would show: so each run reads
who has it.

Guess: a call that is refused tagged nobody.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from quanyu import wechat
from quanyu.contracts import Audience, Connection, Member, Receipt, RemoteList, Verdict
from quanyu.errors import NeedsPerson, QuanyuError

_FANS_PER_CALL = 50
_NAME_EXISTS, _TOO_MANY_TAGS = 45157, 45056
_STRANGER = {40003, 49003}
_FULL = 45059


class OfficialAccountTag:
    """The account as an audience client; addresses are openids."""

    def __init__(self, api: wechat.WeChat) -> None:
        self._api = api

    def open(self, name: str) -> RemoteList:
        """Find the tag or create it. Raises NeedsPerson when the account has its 100 tags."""
        if tag := self._tags().get(name):
            return RemoteList(name=name, id=tag)
        answer = self._api.call(
            "POST", "/cgi-bin/tags/create", body={"tag": {"name": name}}, accept={_NAME_EXISTS, _TOO_MANY_TAGS}
        )
        if answer.get("errcode") == _TOO_MANY_TAGS:
            raise NeedsPerson(
                f"official account: no tag is left for {name}.", remedy="delete a tag: an account may have 100."
            )
        tag = self._tags()[name] if answer.get("errcode") else str(answer["tag"]["id"])
        return RemoteList(name=name, id=tag)

    def add(self, to: RemoteList, members: Sequence[Member]) -> list[Receipt]:
        """Tag fans; who is no fan, or has 20 tags already, is refused alone."""
        return self._change("batchtagging", to, members, refused=Verdict.REFUSED)

    def remove(self, of: RemoteList, members: Sequence[Member]) -> list[Receipt]:
        """Take the tag from fans; who is no fan has none."""
        return self._change("batchuntagging", of, members, refused=Verdict.ACCEPTED)

    def members(self, of: RemoteList) -> Iterator[str]:
        """Read who has the tag, 10,000 openids a page."""
        cursor = ""
        while True:
            body = {"tagid": int(of.id), "next_openid": cursor}
            answer = self._api.call("POST", "/cgi-bin/user/tag/get", body=body)
            openids = (answer.get("data") or {}).get("openid") or []
            yield from openids
            cursor = str(answer.get("next_openid") or "")
            # The last page names a next one, which is empty.
            if not openids or not cursor:
                return

    def _tags(self) -> dict[str, str]:
        tags = self._api.call("GET", "/cgi-bin/tags/get").get("tags") or []
        return {str(tag["name"]): str(tag["id"]) for tag in tags}

    def _change(self, call: str, which: RemoteList, members: Sequence[Member], *, refused: Verdict) -> list[Receipt]:
        receipts: list[Receipt] = []
        parts = [members[at : at + _FANS_PER_CALL] for at in range(0, len(members), _FANS_PER_CALL)][::-1]
        while parts:
            part = parts.pop()
            body = {"openid_list": [member.address for member in part], "tagid": int(which.id)}
            try:
                answer = self._api.call("POST", f"/cgi-bin/tags/members/{call}", body=body, accept={*_STRANGER, _FULL})
            except QuanyuError as error:
                error.receipts = receipts
                raise
            code = int(answer.get("errcode") or 0)
            if not code:
                receipts += [Receipt(key=member.key, verdict=Verdict.ACCEPTED) for member in part]
            elif len(part) == 1:
                verdict = Verdict.REFUSED if code == _FULL else refused
                receipts.append(Receipt(key=part[0].key, verdict=verdict, code=str(code)))
            else:
                middle = len(part) // 2
                parts += [part[middle:], part[:middle]]
        return receipts


@contextmanager
def connect(where: Connection) -> Iterator[OfficialAccountTag]:
    """Open the account behind the connection `quanyu_official_account`."""
    with wechat.connect(wechat.OFFICIAL_ACCOUNT, where) as api:
        yield OfficialAccountTag(api)


AUDIENCE = Audience(
    name="official_account_tag",
    about=__doc__,
    connection="official_account",
    address_type="openid",
    consent="marketing",
    largest_batch=500,
    longest_name=30,
    connect=connect,
)
