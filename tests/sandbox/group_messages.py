"""Broadcasts of WeCom, to customers or to their groups: tasks that staff confirm, and what each recipient got.

Nothing is sent by the call itself. Of the tasks, `at_once` are confirmed on the spot, most others when the
world's day advances, and `never` not at all unless somebody calls `confirm_all`. Which is which depends on
broadcast and member only, so it repeats.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from tests.sandbox.fate import send_time, share
from tests.sandbox.platform import Clock
from tests.sandbox.wecom_broadcasts import PastBroadcasts
from tests.sandbox.weixin import Answer, Refusal, page, texts
from tests.sandbox.world.model import Contact

WAITING, SENT, NOT_A_FRIEND, OVER_CAP = range(4)

_OUTCOMES = ("waiting", "sent", "not_a_friend", "over_cap")


_LISTED_AS = {"single": "external_userid", "group": "chat_id_list"}
_SHOWN_AS = {"single": "external_userid", "group": "chat_id"}
_MOST = {"single": 10_000, "group": 2_000}


@dataclass
class Task:
    """What one member of staff is asked to send: each contact (None for a group) with the record of the delivery."""

    userid: str
    copies: list[tuple[Contact | None, dict[str, Any]]] = field(default_factory=list)
    confirmed_at: datetime | None = None


@dataclass
class GroupMessage:
    """One accepted broadcast."""

    msgid: str
    chat_type: str
    created_at: datetime
    text: Mapping[str, Any]
    attachments: Sequence[Any]
    tasks: dict[str, Task]


@dataclass
class GroupMessages:
    """Every broadcast of the corp. `caps`: messages per recipient and span of time (a strftime pattern).

    `owners` tells who owns each group, by chat_id.
    """

    clock: Clock
    deliveries: list[dict[str, Any]]
    contacts: Callable[[], list[Contact]]
    staff: Sequence[str]
    past: PastBroadcasts
    owners: Callable[[], Mapping[str, str]]
    at_once: float = 0.8
    never: float = 0.05
    caps: dict[str, int] = field(default_factory=lambda: {"%F": 1, "%G-%V": 7, "%Y-%m": 30})
    _messages: dict[str, GroupMessage] = field(default_factory=dict)
    _received: Counter[tuple[str, str]] = field(default_factory=Counter)

    def add(self, given: Mapping[str, Any]) -> Answer:
        """Make a broadcast into tasks; whoever nobody may write to goes to `fail_list`."""
        text, attachments = _content(given)
        kind = str(given.get("chat_type", "single"))
        sender = str(given.get("sender") or "")
        if sender and sender not in self.staff:
            raise Refusal(60111, "userid not found")
        wanted = list(dict.fromkeys(texts(given.get(_LISTED_AS[kind]))))
        # Groups are their owner's: without a sender nobody is asked.
        if len(wanted) > _MOST[kind] or not (sender or (wanted and kind == "single")):
            raise Refusal(40058, f"invalid Request Parameter, {_LISTED_AS[kind]}")
        reachable = self._reachable(sender, wanted) if kind == "single" else self._owned(sender, wanted)
        if not reachable:
            raise Refusal(41048, "no customer to send")
        message = self._keep(kind, text, attachments, reachable)
        for task in message.tasks.values():
            if share(message.msgid, task.userid) < self.at_once:
                self._confirm(task)
        failed = [one for one in wanted if one not in reachable]
        return {"errcode": 0, "errmsg": "ok", "fail_list": failed, "msgid": message.msgid}

    def listed(self, given: Mapping[str, Any]) -> Answer:
        """List broadcasts of a period; those made through the API carry no creator."""
        start, end = _epoch(given, "start_time"), _epoch(given, "end_time")
        if not start <= end <= start + 31 * 86_400:
            raise Refusal(40058, "invalid Request Parameter, time range should be within one month")
        if given.get("chat_type") not in {"single", "group"}:
            raise Refusal(40058, "invalid Request Parameter, chat_type")
        kinds = {0: {0}, 1: {1}}.get(given.get("filter_type", 2), {0, 1})
        found = [
            row
            for row in [*self.past.listed(), *map(_listed, self._messages.values())]
            if start <= row["create_time"] <= end
            and row["chat_type"] == given["chat_type"]
            and row["create_type"] in kinds
            and given.get("creator") in {None, "", row.get("creator")}
        ]
        rows, cursor = page(found, given, default=50, largest=100, of=f"{start}-{end}-{given['chat_type']}")
        listed = [{name: value for name, value in row.items() if name != "chat_type"} for row in rows]
        return {"errcode": 0, "errmsg": "ok", "group_msg_list": listed, "next_cursor": cursor}

    def tasks(self, given: Mapping[str, Any]) -> Answer:
        """Say who has confirmed: 0 not yet, 2 done."""
        msgid = str(given.get("msgid", ""))
        rows = self.past.tasks(msgid)
        if rows is None:
            rows = [
                {"userid": task.userid, "status": 2, "send_time": int(task.confirmed_at.timestamp())}
                if task.confirmed_at
                else {"userid": task.userid, "status": 0}
                for task in self._message(msgid).tasks.values()
            ]
        task_list, cursor = page(rows, given, default=500, largest=1000, of=msgid)
        return {"errcode": 0, "errmsg": "ok", "task_list": task_list, "next_cursor": cursor}

    def results(self, given: Mapping[str, Any]) -> Answer:
        """Say what became of each recipient of one member of staff."""
        msgid, userid = str(given.get("msgid", "")), str(given.get("userid", ""))
        rows = self.past.results(msgid, userid) or self._results(msgid, userid)
        send_list, cursor = page(rows, given, default=500, largest=1000, of=f"{msgid}-{userid}")
        return {"errcode": 0, "errmsg": "ok", "send_list": send_list, "next_cursor": cursor}

    def _results(self, msgid: str, userid: str) -> list[Answer]:
        message = self._message(msgid)
        task = message.tasks.get(userid)
        if task is None:
            raise Refusal(40058, "invalid Request Parameter, userid has no task of this msgid")
        rows = []
        for _, record in task.copies:
            status = _OUTCOMES.index(record["outcome"])
            row: Answer = {_SHOWN_AS[message.chat_type]: record["recipient"], "userid": task.userid, "status": status}
            if status == SENT and task.confirmed_at:
                row["send_time"] = int(task.confirmed_at.timestamp())
            rows.append(row)
        return rows

    def confirm_all(self) -> None:
        """Let the staff confirm whatever waits."""
        for message in self._messages.values():
            for task in message.tasks.values():
                self._confirm(task)

    def _message(self, msgid: str) -> GroupMessage:
        message = self._messages.get(msgid)
        if message is None:
            raise Refusal(41047, "invalid msgid")
        if message.created_at < send_time(self.clock):
            for task in message.tasks.values():
                if share(message.msgid, task.userid) < 1 - self.never:
                    self._confirm(task)
        return message

    def _reachable(self, sender: str, wanted: Sequence[str]) -> dict[str, tuple[str, Contact | None]]:
        """The one relation each customer is written through: the sender's, else the newest."""
        found: dict[str, tuple[str, Contact | None]] = {}
        asked = set(wanted)
        for contact in sorted(self.contacts(), key=lambda contact: contact.added_at):
            if sender in {"", contact.staff_userid} and (not asked or contact.external_userid in asked):
                found[contact.external_userid] = (contact.staff_userid, contact)
        return found

    def _owned(self, sender: str, wanted: Sequence[str]) -> dict[str, tuple[str, Contact | None]]:
        """The sender's own groups, all of them when none is named."""
        owners = self.owners()
        asked = wanted or list(owners)
        return {chat_id: (sender, None) for chat_id in asked if owners.get(chat_id) == sender}

    def _keep(
        self,
        kind: str,
        text: Mapping[str, Any],
        attachments: Sequence[Any],
        reachable: Mapping[str, tuple[str, Contact | None]],
    ) -> GroupMessage:
        msgid = f"msgGCAAAX{len(self._messages) + 1:010d}"
        message = GroupMessage(msgid, kind, send_time(self.clock), text, attachments, {})
        for recipient, (userid, contact) in reachable.items():
            record = {
                "recipient": recipient,
                "sender": userid,
                "content": text.get("content", ""),
                "provider_id": msgid,
                "batch_key": "",
                "day": message.created_at.date().isoformat(),
                "outcome": _OUTCOMES[WAITING],
            }
            message.tasks.setdefault(userid, Task(userid)).copies.append((contact, record))
            self.deliveries.append(record)
        self._messages[msgid] = message
        return message

    def _confirm(self, task: Task) -> None:
        if task.confirmed_at is not None:
            return
        task.confirmed_at = send_time(self.clock) + timedelta(minutes=5)
        for contact, record in task.copies:
            record["outcome"] = _OUTCOMES[self._deliver(contact, record["recipient"])]

    def _deliver(self, contact: Contact | None, recipient: str) -> int:
        """What happens to one copy, on the day that follows the world's last."""
        if contact is not None and not contact.exists(self.clock.end + timedelta(days=1)):
            return NOT_A_FRIEND
        spans = [(recipient, f"{send_time(self.clock):{pattern}}") for pattern in self.caps]
        if any(self._received[span] >= cap for span, cap in zip(spans, self.caps.values(), strict=True)):
            return OVER_CAP
        self._received.update(spans)
        return SENT


def _listed(message: GroupMessage) -> Answer:
    return {
        "msgid": message.msgid,
        "create_time": int(message.created_at.timestamp()),
        "create_type": 0,
        "text": message.text,
        "attachments": message.attachments,
        "chat_type": message.chat_type,
    }


def _content(given: Mapping[str, Any]) -> tuple[Mapping[str, Any], Sequence[Any]]:
    text, attachments = given.get("text") or {}, given.get("attachments") or []
    if given.get("chat_type", "single") not in _LISTED_AS or given.get("tag_filter"):
        raise Refusal(40058, "invalid Request Parameter, to customers or groups, not by tag")
    if not isinstance(text, dict) or not isinstance(attachments, list) or len(attachments) > 9:
        raise Refusal(40058, "invalid Request Parameter, text or attachments")
    if not text.get("content") and not attachments:
        raise Refusal(40058, "invalid Request Parameter, text and attachments are both empty")
    if len(str(text.get("content", "")).encode()) > 4000:
        raise Refusal(40058, "invalid Request Parameter, text.content is longer than 4000 bytes")
    return text, attachments


def _epoch(given: Mapping[str, Any], name: str) -> int:
    value = given.get(name)
    if not isinstance(value, int):
        raise Refusal(40058, f"invalid Request Parameter, {name}")
    return value
