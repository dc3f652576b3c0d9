"""The followers' part of the official account's API: list all, look them up by the hundred; the names of their tags."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import count

from quanyu.contracts import Page, Record
from quanyu.errors import Retryable
from quanyu.wechat import WeChat

_BATCH = 100


def followers(client: WeChat) -> Iterator[Page]:
    """Read every follower. Raises Retryable when a list or an answer is shorter than the platform said."""
    openids = _openids(client)
    for start in range(0, len(openids), _BATCH):
        yield Page(_details(client, openids[start : start + _BATCH]))


def tags(client: WeChat) -> Page:
    """Read every tag. Raises Retryable for an answer without a list: every account has the built-in tag."""
    rows = client.call("GET", "/cgi-bin/tags/get").get("tags")
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise Retryable("the answer holds something else than a list of tags.")
    return Page(rows)


def _openids(client: WeChat) -> list[str]:
    found: dict[str, None] = {}
    expected: int | None = None
    cursor = ""
    for number in count(1):
        # The first page is asked for without a cursor: an empty one is an error at some gateways.
        answer = client.call("GET", "/cgi-bin/user/get", params={"next_openid": cursor} if cursor else {})
        openids = (answer.get("data") or {}).get("openid") or []
        if len(openids) != answer.get("count"):
            raise Retryable(f"page {number} of the list holds {len(openids)} of {answer.get('count')} openids.")
        # People follow and leave while we read: only the smaller of the totals is certain.
        total = int(answer.get("total") or 0)
        expected = total if expected is None else min(expected, total)
        found.update(dict.fromkeys(openids))
        cursor = answer.get("next_openid") or ""
        # The last page with people still names a cursor; the page after it is empty.
        if not openids or not cursor:
            break
    if len(found) < (expected or 0):
        raise Retryable(f"the list ended after {len(found)} of {expected} followers.")
    return list(found)


def _details(client: WeChat, openids: Sequence[str]) -> list[Record]:
    body = {"user_list": [{"openid": openid, "lang": "zh_CN"} for openid in openids]}
    answer = client.call("POST", "/cgi-bin/user/info/batchget", body=body)
    rows: list[Record] = answer.get("user_info_list") or []
    if {row.get("openid") for row in rows} != set(openids):
        raise Retryable(f"asked for {len(openids)} followers and got {len(rows)}.")
    return rows
