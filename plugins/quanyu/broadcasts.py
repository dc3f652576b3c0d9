"""Company broadcasts of WeCom (企业群发, `add_msg_template`), to customers or to their groups: what both share.

The call makes a task for one member of staff, who sends it from a phone or does not. There is no key against repeats,
but every broadcast lists whom it is for: a batch whose answer was lost is found by recipient, member, day and text.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from quanyu import wechat
from quanyu.contracts import SHANGHAI, Message, Query, Receipt, Record, Verdict

log = logging.getLogger(__name__)

ABILITY = Query(window=timedelta(days=28), lag=timedelta(minutes=5))
"""Lists reach back a month. The lag is ours: minutes for a task to show up in them."""

_PATH = "/cgi-bin/externalcontact/"

# Nobody of the batch can be written to: 41048; the member left or lost the right to have customers: the others.
_NOBODY = {41048, 60111, 84074}

_FAIL_LIST = "fail_list"
_VERDICTS = {1: Verdict.DELIVERED, 2: Verdict.FAILED, 3: Verdict.FAILED}
_CLOCK_SKEW = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Kind:
    """Whom broadcasts of a kind go to: the `chat_type`, the list of a call, the id in a row of results."""

    chat_type: str
    listed_as: str
    shown_as: str


SINGLE = Kind("single", "external_userid", "external_userid")
GROUP = Kind("group", "chat_id_list", "chat_id")


class Broadcasts:
    """The corp as a channel client; `Message.sender` is the member of staff, `address` the recipient's id."""

    def __init__(self, api: wechat.WeChat, kind: Kind) -> None:
        self._api = api
        self._kind = kind

    def send(self, batch_key: str, batch: Sequence[Message]) -> list[Receipt]:
        """Make one task for one member; recipients whom the member cannot write to are refused."""
        del batch_key
        answer = self._api.call(
            "POST",
            _PATH + "add_msg_template",
            body={
                "chat_type": self._kind.chat_type,
                "sender": batch[0].sender,
                self._kind.listed_as: [message.address for message in batch],
                "text": {"content": _text(batch)},
            },
            repeatable=False,
            accept=_NOBODY,
        )
        if code := answer.get("errcode"):
            return [Receipt(key=message.key, verdict=Verdict.REFUSED, code=str(code)) for message in batch]
        failed = set(answer.get("fail_list") or ())
        msgid = str(answer["msgid"])
        return [
            Receipt(key=message.key, verdict=Verdict.REFUSED, code=_FAIL_LIST)
            if message.address in failed
            else Receipt(key=message.key, verdict=Verdict.ACCEPTED, provider_id=msgid)
            for message in batch
        ]

    def ask(self, batch_key: str, batch: Sequence[Message]) -> list[Receipt]:
        """Look for each recipient in the member's broadcasts of the day."""
        del batch_key
        day, sender, text = batch[0].sent_on, batch[0].sender, _text(batch)
        if day is None:
            return [Receipt(key=message.key, verdict=Verdict.UNKNOWN) for message in batch]
        found: dict[str, str] = {}
        doubtful: set[str] = set()
        for broadcast in self._broadcasts(day):
            msgid = str(broadcast["msgid"])
            for row in self._results(msgid, sender):
                if (broadcast.get("text") or {}).get("content") == text:
                    found[row[self._kind.shown_as]] = msgid
                else:
                    # Another text, or ours as the platform rewrote it: sending again would be a guess.
                    doubtful.add(row[self._kind.shown_as])
        return [_looked_up(message, found, doubtful) for message in batch]

    def receipts(self, sent: Sequence[Message]) -> Iterator[Receipt]:
        """Pull the result of each task; recipients of a member who has not confirmed yet are left out."""
        tasks: dict[tuple[str, str], dict[str, str]] = {}
        for message in sent:
            if message.provider_id:
                tasks.setdefault((message.provider_id, message.sender), {})[message.address] = message.key
        for (msgid, sender), keys in tasks.items():
            try:
                rows = list(self._results(msgid, sender))
            except wechat.Refused as error:
                log.warning("no result of broadcast %s: %s", msgid, error)
                continue
            for row in rows:
                verdict, key = _VERDICTS.get(row["status"]), keys.get(row[self._kind.shown_as])
                if verdict and key:
                    at = datetime.fromtimestamp(row["send_time"], UTC) if row.get("send_time") else None
                    yield Receipt(key=key, verdict=verdict, provider_id=msgid, code=str(row["status"]), at=at)

    def _broadcasts(self, day: date) -> Iterator[Record]:
        """Every company broadcast of a day; those made by an app carry no creator to filter by."""
        start = datetime.combine(day, time(), SHANGHAI)
        span = {
            "start_time": int((start - _CLOCK_SKEW).timestamp()),
            "end_time": int((start + timedelta(days=1) + _CLOCK_SKEW).timestamp()),
        }
        body = {"chat_type": self._kind.chat_type, "filter_type": 2, "limit": 100, **span}
        return self._pages("get_groupmsg_list_v2", body, "group_msg_list")

    def _results(self, msgid: str, sender: str) -> Iterator[Record]:
        """What became of each recipient of one member; nothing when the member has no task of the broadcast."""
        members = self._pages("get_groupmsg_task", {"msgid": msgid, "limit": 1000}, "task_list")
        if any(task["userid"] == sender for task in members):
            body = {"msgid": msgid, "userid": sender, "limit": 1000}
            yield from self._pages("get_groupmsg_send_result", body, "send_list")

    def _pages(self, call: str, body: Record, rows: str) -> Iterator[Record]:
        cursor = ""
        while True:
            answer = self._api.call("POST", _PATH + call, body={**body, "cursor": cursor})
            yield from answer.get(rows) or ()
            cursor = answer.get("next_cursor") or ""
            if not cursor:
                return


def _text(batch: Sequence[Message]) -> str:
    return batch[0].template.format_map(batch[0].params)


def _looked_up(message: Message, found: dict[str, str], doubtful: set[str]) -> Receipt:
    if message.address in found:
        return Receipt(key=message.key, verdict=Verdict.ACCEPTED, provider_id=found[message.address])
    verdict = Verdict.UNKNOWN if message.address in doubtful else Verdict.LATER
    return Receipt(key=message.key, verdict=verdict)
