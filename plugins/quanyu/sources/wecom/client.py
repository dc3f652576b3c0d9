"""The customer-contact part of WeCom's API: who follows customers, whom they follow, and the corp's tags."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import partial

from quanyu.contracts import Page, Record
from quanyu.errors import NeedsPerson
from quanyu.paging import by_cursor
from quanyu.wechat import WeChat

PATH = "/cgi-bin/externalcontact/"

_HUNDRED = 100
_LIMIT = 100
_NO_CUSTOMERS = 84061
_CHINESE_WORD = re.compile(r"[㐀-鿿]{2,}(?:·[㐀-鿿]+)*")


def members(client: WeChat) -> list[str]:
    """Every member whose customers the app sees. Raises NeedsPerson when there is none."""
    found = sorted(client.call("GET", PATH + "get_follow_user_list").get("follow_user") or [])
    if not found:
        raise NeedsPerson(
            "no member may contact customers.",
            remedy="give members the customer-contact right and put them into the app's visible range.",
        )
    return found


def by_hundreds(userids: Sequence[str]) -> Iterator[Sequence[str]]:
    """As many members at a time as one call takes."""
    for start in range(0, len(userids), _HUNDRED):
        yield userids[start : start + _HUNDRED]


def tags(client: WeChat) -> Page:
    """Every tag of the corp, each with the group it is in."""
    answer = client.call("POST", PATH + "get_corp_tag_list", body={})
    rows = []
    for group in answer.get("tag_group") or []:
        about = {name: value for name, value in group.items() if name != "tag"}
        rows += [{**tag, "group": about} for tag in group.get("tag") or []]
    return Page(rows)


def contacts(client: WeChat, name: str) -> Iterator[Page]:
    """Read every relation of a customer and a member.

    Raises NeedsPerson when the app sees no member, or not all of them: the relations that it cannot see would
    otherwise count as ended.
    """
    for some in by_hundreds(members(client)):
        for rows in by_cursor(name, partial(_contacts_of, client, some)):
            if rows:
                yield Page(rows)


def _contacts_of(client: WeChat, some: Sequence[str], cursor: str) -> tuple[list[Record], str]:
    answer = client.call(
        "POST",
        PATH + "batch/get_by_user",
        body={"userid_list": some, "cursor": cursor, "limit": _LIMIT},
        accept={_NO_CUSTOMERS},
    )
    _refuse_a_partial_view(answer)
    return [_prepared(row) for row in answer.get("external_contact_list") or []], answer.get("next_cursor") or ""


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
