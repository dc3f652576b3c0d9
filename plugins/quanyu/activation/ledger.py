"""The send ledger: claims that two senders cannot share, and outcomes that a late sender cannot overwrite.

A claim commits before the call leaves and the outcome after it came back, each in a transaction of its own. What
stands between the two is `sending`: maybe delivered, never guessed, resolved by `settle`.

    held | pending -> sending -> sent -> delivered | failed_final | expired
    held -> pending (released)          pending -> deferred -> pending (quiet hours)
    pending -> suppressed (no consent)  sending -> pending (nothing left) | parked (nobody can know)
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import psycopg
from psycopg.rows import dict_row

from quanyu.contracts import ChannelClient, Message, Receipt, ReservesKeys, Verdict
from quanyu.errors import Retryable
from quanyu.warehouse import Connection, Session

Clock = Callable[[], datetime]
Row = dict[str, Any]

STANDSTILL = timedelta(minutes=1)
"""A process that decides about a campaign and says nothing to Postgres for so long has been stopped.

One that runs decrypts the addresses of one batch meanwhile: a second for ten thousand. A task is retried after five
minutes, and then finds the campaign free.
"""

_TOKEN = re.compile(r"(ph|nm|em|ad|id|tx)_[0-9a-f]{32}")

_STATES = {
    Verdict.ACCEPTED: "sent",
    Verdict.REFUSED: "failed_final",
    Verdict.LATER: "pending",
    Verdict.DELIVERED: "sent",
    Verdict.FAILED: "sent",
    Verdict.EXPIRED: "sent",
    Verdict.READ: "sent",
    Verdict.CLICKED: "sent",
}
_KEPT = (Verdict.DELIVERED, Verdict.FAILED, Verdict.EXPIRED, Verdict.READ, Verdict.CLICKED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Messages claimed together; `messages` hold clear addresses and live in memory only."""

    key: str
    attempt: int
    segment: str
    lease_until: datetime
    messages: Sequence[Message] = field(repr=False)

    @property
    def keys(self) -> list[str]:
        """The keys of its messages."""
        return [message.key for message in self.messages]


def lock(connection: Connection, channel: str, campaign: str) -> None:
    """Let only one transaction at a time decide about a campaign on a channel."""
    connection.execute("select pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"quanyu.send|{channel}|{campaign}"])


@contextmanager
def deciding(session: Session, channel: str, campaign: str) -> Iterator[Connection]:
    """A transaction that alone decides about a campaign on a channel; what it claims is on disk before any call.

    Raises Retryable when this process stood still in the middle of it for `STANDSTILL`: Postgres took the campaign from
    it, so that others can go on, and nothing was claimed.
    """
    try:
        with session.transaction() as connection:
            # The local stack does not wait for the disk on commit; a claim that a power cut forgets would send twice.
            connection.execute(
                "select set_config('synchronous_commit', 'on', true),"
                " set_config('idle_in_transaction_session_timeout', %s, true)",
                [str(STANDSTILL // timedelta(milliseconds=1))],
            )
            lock(connection, channel, campaign)
            yield connection
    except psycopg.errors.IdleInTransactionSessionTimeout:
        raise Retryable(
            f"this process stood still for more than {STANDSTILL.total_seconds():g} s in the middle of a claim, and"
            " Postgres let others claim instead; nothing was sent by it.",
            remedy="run the task again; it goes on where the others are. Its machine is overloaded or was paused.",
        ).at(f"{channel}.{campaign}") from None


def reserved(session: Session, batch: Batch, client: ChannelClient) -> Batch:
    """The batch with the key that its provider issued for it, where it issues its own; kept before any call with it."""
    if not isinstance(client, ReservesKeys) or batch.messages[0].provider_key:
        return batch
    key = client.reserve(batch.key)
    with session.transaction() as connection:
        connection.execute("set local synchronous_commit = on")
        connection.execute(
            "update activation.message set provider_key = %s"
            " where key = any(%s) and attempt = %s and state = 'sending'",
            [key, batch.keys, batch.attempt],
        )
    return replace(batch, messages=[replace(message, provider_key=key) for message in batch.messages])


def record(
    connection: Connection,
    batch: Batch,
    receipts: Iterable[Receipt],
    *,
    at: datetime,
    put_off: datetime | None = None,
) -> dict[str, int]:
    """Store what the provider said of a batch by `at`; return how many rows took each state.

    Rows of another attempt are left alone. A message without a verdict, or with `unknown`, stays `sending` and is let
    go; one that was put off is not tried again before `put_off`.
    """
    receipts = list(receipts)
    own = set(batch.keys)
    said = {receipt.key: receipt for receipt in receipts if receipt.verdict in _STATES and receipt.key in own}
    rows = connection.execute(
        "update activation.message set state = said.state, code = said.code, lease_until = null,"
        " provider_id = said.provider_id,"
        " not_before = case when said.state = 'pending' then %(put_off)s::timestamptz end"
        " from unnest(%(keys)s::text[], %(states)s::text[], %(codes)s::text[], %(ids)s::text[])"
        " as said (key, state, code, provider_id)"
        " where message.key = said.key and message.attempt = %(attempt)s"
        " and (message.state = 'sending' or (message.state = 'parked' and said.state <> 'pending'))"
        " returning message.state",
        {
            "keys": list(said),
            "states": [_STATES[receipt.verdict] for receipt in said.values()],
            "codes": [receipt.code for receipt in said.values()],
            "ids": [receipt.provider_id for receipt in said.values()],
            "attempt": batch.attempt,
            "put_off": put_off,
        },
    ).fetchall()
    keep(connection, receipts)
    conclude(connection, batch.keys)
    if said.keys() != own:
        let_go(connection, batch, at=at)
    states = [state for (state,) in rows]
    return {state: states.count(state) for state in sorted(set(states))}


def keep(connection: Connection, receipts: Iterable[Receipt]) -> int:
    """Keep what a receipt says, each word once, whatever state its message is in; return how many were new."""
    final = [receipt for receipt in receipts if receipt.verdict in _KEPT]
    if not final:
        return 0
    return connection.execute(
        "insert into activation.receipt (key, verdict, code, provider_id, reported_at)"
        " select said.key, said.verdict, said.code, said.provider_id, said.at from unnest("
        "%(keys)s::text[], %(verdicts)s::text[], %(codes)s::text[], %(ids)s::text[], %(times)s::timestamptz[]"
        ") as said (key, verdict, code, provider_id, at) inner join activation.message using (key)"
        " on conflict do nothing",
        {
            "keys": [receipt.key for receipt in final],
            "verdicts": [receipt.verdict.value for receipt in final],
            "codes": [receipt.code for receipt in final],
            "ids": [receipt.provider_id for receipt in final],
            "times": [receipt.at for receipt in final],
        },
    ).rowcount


def conclude(connection: Connection, keys: Sequence[str]) -> dict[str, int]:
    """Give sent messages the state of their first receipt; what is final already stays as it is."""
    rows = connection.execute(
        "with first as (select distinct on (key) key, verdict, code from activation.receipt"
        " where key = any(%s) order by key, heard_at, verdict)"
        " update activation.message set code = first.code,"
        " state = case first.verdict when 'failed' then 'failed_final' when 'expired' then 'expired'"
        " else 'delivered' end"
        " from first where message.key = first.key and message.state = 'sent' returning message.state",
        [list(keys)],
    ).fetchall()
    states = [state for (state,) in rows]
    return {state: states.count(state) for state in sorted(set(states))}


def give_back(connection: Connection, batch: Batch, *, not_before: datetime | None, reason: str) -> None:
    """Return a batch of which certainly nothing left."""
    connection.execute(
        "update activation.message set state = 'pending', lease_until = null, not_before = %s, reason = %s"
        " where key = any(%s) and attempt = %s and state = 'sending'",
        [not_before, reason, batch.keys, batch.attempt],
    )


def let_go(connection: Connection, batch: Batch, *, at: datetime) -> None:
    """End the lease of what the caller got no verdict for: its call is over, whatever became of it."""
    connection.execute(
        "update activation.message set lease_until = %s where key = any(%s) and attempt = %s and state = 'sending'",
        [at, batch.keys, batch.attempt],
    )


def tokens_of(rows: Iterable[Row]) -> list[str]:
    """The vault tokens among addresses and message parameters."""
    values = [value for row in rows for value in (row["address"], *row["params"].values())]
    return sorted({value for value in values if _is_token(value)})


def as_message(row: Row, clear: Mapping[str, str]) -> Message:
    """A ledger row as a channel needs it."""
    return Message(
        key=row["key"],
        address=clear.get(row["address"], row["address"]),
        template=row["template"],
        params={name: clear.get(value, value) for name, value in row["params"].items()},
        sender=row["sender"],
        provider_key=row["provider_key"],
        provider_id=row["provider_id"],
        sent_on=row["sent_on"],
    )


def erased(row: Row, clear: Mapping[str, str]) -> str:
    """What of a message cannot be opened any more, because the person was erased; empty when all can."""
    gone = [value for value in (row["address"], *row["params"].values()) if value not in clear and _is_token(value)]
    return ("address erased" if row["address"] in gone else "value erased") if gone else ""


def _is_token(value: str) -> bool:
    return _TOKEN.fullmatch(value) is not None


def fetch(connection: Connection, query: Any, values: Mapping[str, Any]) -> list[Row]:
    """Rows as dictionaries."""
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(query, values).fetchall()


def move(connection: Connection, keys: Sequence[str], state: str, reason: str) -> None:
    """Put messages into a state that ends a claim, and say why."""
    connection.execute(
        "update activation.message set state = %s, reason = %s, lease_until = null where key = any(%s)",
        [state, reason, list(keys)],
    )
