"""The customer-contact part of WeCom's API: who follows customers, and whom they follow."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from quanyu.contracts import Page, Record
from quanyu.errors import NeedsPerson, Retryable
from quanyu.wechat import WeChat

_MEMBERS = 100
_LIMIT = 100
_NO_CUSTOMERS = 84061
_CHINESE_WORD = re.compile(r"[㐀-鿿]{2,}(?:·[㐀-鿿]+)*")


def contacts(client: WeChat) -> Iterator[Page]:
    """Read every relation of a customer and a member.

    Raises NeedsPerson when the app sees no member, or not all of them: the relations that it cannot see would
    otherwise count as ended.
    """
    members = sorted(client.call("GET", "/cgi-bin/externalcontact/get_follow_user_list").get("follow_user") or [])
    if not members:
        raise NeedsPerson(
            "no member may contact customers.",
            remedy="give members the customer-contact right and put them into the app's visible range.",
        )
    for start in range(0, len(members), _MEMBERS):
        yield from _contacts_of(client, members[start : start + _MEMBERS])


def _contacts_of(client: WeChat, members: Sequence[str]) -> Iterator[Page]:
    cursor = ""
    while True:
        answer = client.call(
            "POST",
            "/cgi-bin/externalcontact/batch/get_by_user",
            body={"userid_list": list(members), "cursor": cursor, "limit": _LIMIT},
            accept={_NO_CUSTOMERS},
        )
        _refuse_a_partial_view(answer)
        if rows := [_prepared(row) for row in answer.get("external_contact_list") or []]:
            yield Page(rows)
        previous, cursor = cursor, answer.get("next_cursor") or ""
        if not cursor:
            return
        if cursor == previous:
            raise Retryable("the list goes in circles: its cursor does not move.")


def _refuse_a_partial_view(answer: Record) -> None:
    hidden = (answer.get("fail_info") or {}).get("unlicensed_userid_list") or []
    if hidden:
        raise NeedsPerson(
            f"{len(hidden)} members have no licence, so their customers are hidden.",
            remedy="activate interface licences for them, or take them out of the app's visible range.",
        )


def _prepared(row: Record) -> Record:
    """Leave out the portrait, which nothing downstream looks at, and add the words of the remark one by one.

    Staff note names among other words (`王婉清 S03`); the token of the whole would never meet the token of the name.
    """
    contact = {name: value for name, value in row.get("external_contact", {}).items() if name != "avatar"}
    follow = row.get("follow_info", {})
    words = sorted(set(_CHINESE_WORD.findall(str(follow.get("remark") or ""))))
    return {**row, "external_contact": contact, "follow_info": {**follow, "remark_words": words}}
