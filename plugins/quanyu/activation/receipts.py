"""What came back: final verdicts of what was sent, and people who asked to be left alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice
from typing import Protocol, TypeVar, runtime_checkable

from quanyu import warehouse
from quanyu.activation import ledger
from quanyu.activation.ledger import Clock
from quanyu.activation.refusals import is_refusal
from quanyu.activation.send import RECEIPT_DAYS
from quanyu.contracts import SHANGHAI, Channel, ChannelClient, Personal, Receipt, Verdict
from quanyu.vault import Vault
from quanyu.warehouse import Connection

# Some platforms hand each answer out once: what is not stored when a process dies is gone.
_CHUNK = 100

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptReport:
    """Receipts that were new, and how many messages they made final, e.g. `{"delivered": 40}`."""

    channel: str
    heard: int
    states: Counter[str] = field(default_factory=Counter)


def collect_receipts(dsn: str, channel: Channel, client: ChannelClient, clock: Clock, vault: Vault) -> ReceiptReport:
    """Pull the verdicts of everything the channel has under way; safe to repeat.

    What is `sent` for longer than `RECEIPT_DAYS` becomes `expired`; on a channel without receipts it stays `sent`.
    """
    if not channel.has_receipts:
        return ReceiptReport(channel=channel.name, heard=0)
    oldest = clock().astimezone(SHANGHAI).date() - timedelta(days=RECEIPT_DAYS)
    with warehouse.connect(dsn) as connection:
        rows = ledger.fetch(
            connection,
            "select key, address, template, params, sender, provider_key, provider_id, sent_on from activation.message"
            " where channel = %(channel)s and state = 'sent' order by sent_on, key",
            {"channel": channel.name},
        )
        clear = vault.reveal(connection, ledger.tokens_of(rows))
    under_way = [
        ledger.as_message(row, clear)
        for row in rows
        if row["sent_on"] >= oldest and ledger.erased(row, clear) != "address erased"
    ]
    overdue = (row["key"] for row in rows if row["sent_on"] < oldest)
    silence = (Receipt(key=key, verdict=Verdict.EXPIRED, code="no receipt in time") for key in overdue)
    late = store_receipts(dsn, channel.name, silence)
    told = store_receipts(dsn, channel.name, client.receipts(under_way))
    return ReceiptReport(channel=channel.name, heard=late.heard + told.heard, states=late.states + told.states)


def store_receipts(dsn: str, channel: str, receipts: Iterable[Receipt]) -> ReceiptReport:
    """Keep receipts, pulled or pushed; duplicates, unknown keys and those that come too late change nothing.

    A receipt that overtakes the outcome of its own call is kept and believed when the outcome is stored.
    """
    heard, states = 0, Counter[str]()
    for chunk in _chunks(receipts):
        with warehouse.connect(dsn) as connection:
            heard += ledger.keep(connection, chunk)
            states.update(ledger.conclude(connection, [receipt.key for receipt in chunk]))
    return ReceiptReport(channel=channel, heard=heard, states=states)


def believe_receipts(connection: Connection, channel: str, now: datetime) -> None:
    """Take what is parked, or under way with a lease that is over at `now`, for sent when a receipt tells of it."""
    # Skip locked: a sender that was stopped while it stored an outcome has these rows until it wakes.
    rows = connection.execute(
        "update activation.message set state = 'sent', lease_until = null where key in ("
        "select key from activation.message where channel = %s"
        " and (state = 'parked' or (state = 'sending' and lease_until <= %s))"
        " and exists (select from activation.receipt where receipt.key = message.key) for update skip locked"
        ") returning key",
        [channel, now],
    ).fetchall()
    ledger.conclude(connection, [key for (key,) in rows])


class Reply(Protocol):
    """What a person answered; address and words live in memory only. `cursor` names it for the next reading."""

    @property
    def address(self) -> str:
        """The person's address in clear."""
        ...

    @property
    def said(self) -> str:
        """The words."""
        ...

    @property
    def at(self) -> datetime:
        """When it was said."""
        ...

    @property
    def cursor(self) -> str:
        """Names the reply for the next reading."""
        ...


@runtime_checkable
class HearsReplies(Protocol):
    """A channel client that people can answer."""

    def replies(self, after: str) -> Iterable[Reply]:
        """Replies after a cursor (empty: from the first), oldest first."""
        ...


def collect_replies(dsn: str, channel: Channel, client: ChannelClient, vault: Vault) -> int:
    """Read new replies and honour every refusal; return how many addresses opted out for the first time."""
    if not isinstance(client, HearsReplies):
        return 0
    with warehouse.connect(dsn) as connection:
        row = connection.execute(
            "select cursor from activation.reply_cursor where channel = %s", [channel.name]
        ).fetchone()
    count = 0
    for chunk in _chunks(client.replies(str(row[0]) if row else "")):
        count += opt_out(dsn, channel, [reply for reply in chunk if is_refusal(reply.said)], vault)
        with warehouse.connect(dsn) as connection:
            connection.execute(
                "insert into activation.reply_cursor (channel, cursor) values (%s, %s)"
                " on conflict (channel) do update set cursor = excluded.cursor",
                [channel.name, chunk[-1].cursor],
            )
    return count


def opt_out(dsn: str, channel: Channel, replies: Iterable[Reply], vault: Vault) -> int:
    """Never write to these addresses on this channel again; return how many are new."""
    is_phone = channel.address_type == Personal.PHONE
    rows = [
        (vault.tokenise(Personal.PHONE, reply.address).token if is_phone else reply.address, reply.at)
        for reply in replies
    ]
    with warehouse.connect(dsn) as connection:
        return connection.execute(
            "insert into activation.opt_out (channel, address, said, heard_at)"
            " select %s, address, 'refused by reply', heard_at"
            " from unnest(%s::text[], %s::timestamptz[]) as said (address, heard_at) on conflict do nothing",
            [channel.name, [address for address, _ in rows], [at for _, at in rows]],
        ).rowcount


def _chunks(items: Iterable[T]) -> Iterator[list[T]]:
    rest = iter(items)
    while chunk := list(islice(rest, _CHUNK)):
        yield chunk
