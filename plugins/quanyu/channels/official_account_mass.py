"""WeChat official account: one text to many followers at once (群发, `message/mass/send`).

What it promises: `clientmsgid` makes a repeat harmless for 24 hours; a repeat is answered with the first send.
What it does not: a verdict per follower. `delivered` means that the platform finished the send; whom it left out
(over 4 a month, message refused) it does not say. A single follower cannot be written to: the least is two.

    {touser, text, clientmsgid = batch key} -> msg_id -> mass/get -> SEND_SUCCESS | SEND_FAIL | SENDING
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta

from quanyu import wechat
from quanyu.contracts import Channel, Connection, DedupKey, Message, Receipt, Record, Verdict
from quanyu.errors import Rejected, Throttled
from quanyu.settings import utc_now

_BAD_OPENID = 40003
_ALREADY_SENT = 45065
_TOO_SOON = 45066
_LEAST = 2
_USERS_PER_CALL = 100
_VERDICTS = {"SEND_SUCCESS": Verdict.DELIVERED, "SEND_FAIL": Verdict.FAILED, "DELETE": Verdict.FAILED}


class OfficialAccountMass:
    """The account as a channel client."""

    def __init__(self, api: wechat.WeChat) -> None:
        self._api = api

    def send(self, batch_key: str, batch: Sequence[Message]) -> list[Receipt]:
        """Send one text; openids that the account does not know are refused, the others go out."""
        answer = self._mass(batch_key, batch)
        if answer.get("errcode") != _BAD_OPENID:
            return _accepted(batch, answer)
        # One unknown openid spoils the whole call, and the answer does not say which.
        strangers = self._strangers([message.address for message in batch])
        refused = [
            Receipt(key=message.key, verdict=Verdict.REFUSED, code=str(_BAD_OPENID))
            for message in batch
            if message.address in strangers
        ]
        rest = [message for message in batch if message.address not in strangers]
        if len(rest) < _LEAST:
            return refused + [Receipt(key=message.key, verdict=Verdict.LATER, code="too few") for message in rest]
        answer = self._mass(batch_key, rest)
        if answer.get("errcode") == _BAD_OPENID:
            raise Rejected(
                f"official account: an openid among {len(batch)} is refused, but each is known.",
                remedy="look at the account's notices; nothing was sent.",
            )
        return refused + _accepted(rest, answer)

    def ask(self, batch_key: str, batch: Sequence[Message]) -> list[Receipt]:
        """Nothing can be asked before a `msg_id` is known; a repeat under the same key brings it."""
        del batch_key
        return [Receipt(key=message.key, verdict=Verdict.UNKNOWN) for message in batch]

    def receipts(self, sent: Sequence[Message]) -> Iterator[Receipt]:
        """Ask for each send once; its word holds for all of its messages."""
        sends: dict[str, list[Message]] = {}
        for message in sent:
            if message.provider_id:
                sends.setdefault(message.provider_id, []).append(message)
        for msg_id, messages in sends.items():
            status = str(self._api.call("POST", "/cgi-bin/message/mass/get", body={"msg_id": msg_id})["msg_status"])
            if verdict := _VERDICTS.get(status):
                yield from (
                    Receipt(key=message.key, verdict=verdict, provider_id=msg_id, code=status) for message in messages
                )

    def _mass(self, batch_key: str, batch: Sequence[Message]) -> Record:
        answer = self._api.call(
            "POST",
            "/cgi-bin/message/mass/send",
            body={
                "touser": [message.address for message in batch],
                "msgtype": "text",
                "text": {"content": batch[0].template.format_map(batch[0].params)},
                "clientmsgid": batch_key,
                "send_ignore_reprint": 0,
            },
            repeatable=False,
            accept={_BAD_OPENID, _ALREADY_SENT, _TOO_SOON},
        )
        if answer.get("errcode") == _TOO_SOON:
            raise Throttled(
                "official account: the same mass send was repeated within a minute.",
                until=utc_now() + timedelta(minutes=1),
            )
        return answer

    def _strangers(self, openids: Sequence[str]) -> set[str]:
        """Find the openids that the account does not know, by halving."""
        if len(openids) > _USERS_PER_CALL:
            parts = [openids[at : at + _USERS_PER_CALL] for at in range(0, len(openids), _USERS_PER_CALL)]
            return set().union(*map(self._strangers, parts))
        users = [{"openid": openid, "lang": "zh_CN"} for openid in openids]
        answer = self._api.call("POST", "/cgi-bin/user/info/batchget", body={"user_list": users}, accept={_BAD_OPENID})
        if answer.get("errcode") != _BAD_OPENID:
            return set()
        if len(openids) == 1:
            return set(openids)
        middle = len(openids) // 2
        return self._strangers(openids[:middle]) | self._strangers(openids[middle:])


def _accepted(batch: Sequence[Message], answer: Record) -> list[Receipt]:
    code = str(answer.get("errcode") or "")
    msg_id = str(answer.get("msg_id", ""))
    return [Receipt(key=message.key, verdict=Verdict.ACCEPTED, provider_id=msg_id, code=code) for message in batch]


@contextmanager
def connect(where: Connection) -> Iterator[OfficialAccountMass]:
    """Open the account behind the connection `quanyu_official_account`."""
    with wechat.connect(wechat.OFFICIAL_ACCOUNT, where) as api:
        yield OfficialAccountMass(api)


CHANNEL = Channel(
    name="official_account_mass",
    about=__doc__,
    connection="official_account",
    address_type="openid",
    ability=DedupKey(window=timedelta(hours=24)),
    largest_batch=10_000,
    smallest_batch=_LEAST,
    connect=connect,
)
