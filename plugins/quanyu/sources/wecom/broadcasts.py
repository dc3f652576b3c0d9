"""Broadcasts of WeCom: what was to be sent to customers and groups, and what each of them got."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta

from quanyu.contracts import Page, Record, Window
from quanyu.paging import by_cursor
from quanyu.sources.wecom.client import PATH
from quanyu.wechat import WeChat

# "One month" is the longest span of a call; the shortest month has 28 days.
_LONGEST = timedelta(days=28)
_COMPANY_AND_PERSONAL = 2


def broadcasts(client: WeChat, name: str, window: Window) -> Iterator[Page]:
    """Read the broadcasts that were created in the window; those to groups are listed apart from the others."""
    for part in window.split(_LONGEST):
        for chat_type in ("single", "group"):
            body = {
                "chat_type": chat_type,
                # The platform counts both ends in.
                "start_time": int(part.start.timestamp()),
                "end_time": int(part.end.timestamp()) - 1,
                "filter_type": _COMPANY_AND_PERSONAL,
                "limit": 100,
            }
            for rows in _pages(client, name, "get_groupmsg_list_v2", body, "group_msg_list"):
                if rows:
                    yield Page([{**row, "chat_type": chat_type} for row in rows])


def results(client: WeChat, name: str, window: Window) -> Iterator[Page]:
    """Read what became of the broadcasts that were created in the window, customer by customer, group by group."""
    for page in broadcasts(client, name, window):
        for broadcast in page.records:
            msgid = broadcast["msgid"]
            asked = {"msgid": msgid, "limit": 1000}
            for tasks in _pages(client, name, "get_groupmsg_task", asked, "task_list"):
                for task in tasks:
                    yield from _results_of(client, name, msgid, task)


def _results_of(client: WeChat, name: str, msgid: str, task: Record) -> Iterator[Page]:
    body = {"msgid": msgid, "userid": task["userid"], "limit": 1000}
    for rows in _pages(client, name, "get_groupmsg_send_result", body, "send_list"):
        if rows:
            yield Page([_result(row, msgid, task) for row in rows])


def _result(row: Record, msgid: str, task: Record) -> Record:
    """A result with the broadcast and the member it belongs to; a customer or a group received it."""
    recipient = row.get("external_userid") or row.get("chat_id")
    return {**row, "msgid": msgid, "userid": task["userid"], "recipient": recipient, "task_status": task.get("status")}


def _pages(client: WeChat, name: str, call: str, body: Record, rows: str) -> Iterator[Sequence[Record]]:
    def fetch(cursor: str) -> tuple[list[Record], str]:
        answer = client.call("POST", PATH + call, body={**body, "cursor": cursor})
        return answer.get(rows) or [], answer.get("next_cursor") or ""

    return by_cursor(f"{name} {call}", fetch)
