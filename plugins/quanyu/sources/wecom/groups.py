"""Customer groups of WeCom: which there are, and who is in them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from quanyu.contracts import Page, Record
from quanyu.errors import Retryable
from quanyu.paging import by_cursor
from quanyu.sources.wecom.client import PATH, by_hundreds, members
from quanyu.transport import place
from quanyu.wechat import Refused, WeChat

_LIMIT = 1000
_TOO_MANY_OWNERS = 81017
_DISMISSED = 49008


def groups(client: WeChat, name: str) -> Iterator[Page]:
    """Read every group with its members.

    One list holds the groups of all owners as long as the app sees few of them; else they are asked for some at a
    time. A group that was dismissed since it was listed is left out.
    """
    try:
        yield from _groups_of(client, name, ())
    except Refused as error:
        if error.code != _TOO_MANY_OWNERS:
            raise
    else:
        return
    for owners in by_hundreds(members(client)):
        yield from _groups_of(client, name, owners)


def _groups_of(client: WeChat, name: str, owners: Sequence[str]) -> Iterator[Page]:
    of = {"owner_filter": {"userid_list": owners}} if owners else {}

    def fetch(cursor: str) -> tuple[list[Record], str]:
        body = {"status_filter": 0, **of, "cursor": cursor, "limit": _LIMIT}
        answer = client.call("POST", PATH + "groupchat/list", body=body)
        return answer.get("group_chat_list") or [], answer.get("next_cursor") or ""

    for listed in by_cursor(name, fetch):
        with place(name):
            rows = [row for one in listed if (row := _group(client, one)) is not None]
        if rows:
            yield Page(rows)


def _group(client: WeChat, listed: Record) -> Record | None:
    """A group as it is asked for, with the status that only the list tells."""
    answer = client.call(
        "POST",
        PATH + "groupchat/get",
        body={"chat_id": listed["chat_id"], "need_name": 1},
        accept={_DISMISSED},
    )
    if answer.get("errcode") == _DISMISSED:
        return None
    group = answer.get("group_chat")
    if not isinstance(group, dict):
        raise Retryable(f"the answer about group {listed['chat_id']} holds no group.")
    return {**group, "status": listed.get("status")}
