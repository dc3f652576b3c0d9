"""Taking messages to send: one transaction per batch, consent, opt-outs and hours asked once more inside it.

The connection of each function is one of `quanyu.activation.ledger.deciding`, for its channel and segment.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from psycopg import sql
from psycopg.types.json import Jsonb

from quanyu.activation.consent import NO_CONSENT_TODAY
from quanyu.activation.definition import SegmentDefinition
from quanyu.activation.keys import batch_key
from quanyu.activation.ledger import Batch, Row, as_message, erased, fetch, move, tokens_of
from quanyu.contracts import SHANGHAI, Channel
from quanyu.vault import Vault
from quanyu.warehouse import Connection


def keep_hours(
    connection: Connection,
    channel: str,
    segment: str,
    definition: SegmentDefinition,
    *,
    business_date: date,
    now: datetime,
) -> bool:
    """Defer what may not go out at `now`, or wake what was deferred; return whether the window is open."""
    is_open = definition.is_open(now)
    connection.execute(
        "update activation.message set state = %s, reason = %s"
        " where business_date = %s and channel = %s and segment = %s and state = %s",
        ["pending", "", business_date, channel, segment, "deferred"]
        if is_open
        else ["deferred", "quiet hours", business_date, channel, segment, "pending"],
    )
    return is_open


# Two queries, since only with values in hand does the index hand over the rows in order, without reading them all.
_FIRST = """
select sender, template, params from activation.message
where business_date = %(date)s and channel = %(channel)s and segment = %(segment)s and state = 'pending'
    and (not_before is null or not_before <= %(ticks)s)
order by sender, key limit 1
"""

_ALIKE = """
select asked.key, asked.address, asked.sender, asked.template, asked.params, asked.attempt, asked.provider_id,
    {no_consent} as refusal
from activation.message as asked
where business_date = %(date)s and channel = %(channel)s and segment = %(segment)s and state = 'pending'
    and (not_before is null or not_before <= %(ticks)s)
    and sender = %(sender)s and template = %(template)s and (%(is_personal)s or params = %(params)s)
order by key limit %(limit)s
for update
"""


def claim(
    connection: Connection,
    channel: Channel,
    segment: str,
    definition: SegmentDefinition,
    *,
    business_date: date,
    now: datetime,
    ticks: datetime,
    lease: timedelta,
    vault: Vault,
) -> Batch | None:
    """Take the next batch of a campaign, consent asked once more; None when nothing can be taken now.

    `now` is the sender's clock, under whose day the provider will file the messages. The caller commits before it
    calls the provider.
    """
    values = {
        "date": business_date,
        "channel": channel.name,
        "segment": segment,
        "ticks": ticks,
        "is_personal": channel.is_personal,
        "limit": channel.largest_batch + channel.smallest_batch - 1,
        "consent": definition.consent,
        "purpose": definition.purpose,
    }
    while rows := _next(connection, values):
        clear = vault.reveal(connection, tokens_of(rows))
        if _suppress(connection, rows, clear):
            continue
        if len(rows) > channel.largest_batch:
            # Leave enough behind for a batch that the provider still takes.
            rows = rows[: len(rows) - channel.smallest_batch]
        if len(rows) >= channel.smallest_batch:
            return _take(connection, segment, _fixed(rows, ticks, now), clear, ticks=ticks, lease=lease)
        move(connection, [row["key"] for row in rows], "deferred", "too few for one call")
    return None


def _next(connection: Connection, values: Mapping[str, Any]) -> list[Row]:
    """Up to `limit` waiting messages that can go out in one call."""
    first = fetch(connection, _FIRST, values)
    if not first:
        return []
    query = sql.SQL(_ALIKE).format(no_consent=sql.SQL(NO_CONSENT_TODAY))
    return fetch(connection, query, {**values, **first[0], "params": Jsonb(first[0]["params"])})


def _suppress(connection: Connection, rows: Sequence[Row], clear: Mapping[str, str]) -> bool:
    """Take out who may not or cannot be written to; return whether there was anybody."""
    reasons = {row["key"]: row["refusal"] or erased(row, clear) for row in rows}
    reasons = {key: reason for key, reason in reasons.items() if reason}
    for reason in sorted(set(reasons.values())):
        move(connection, [key for key, why in reasons.items() if why == reason], "suppressed", reason)
    return bool(reasons)


def _fixed(rows: Sequence[Row], ticks: datetime, now: datetime) -> list[Row]:
    """Make rows one batch, named for good: every later attempt goes under the same name."""
    named = batch_key((row["key"] for row in rows), 1 + max(row["attempt"] for row in rows))
    sent_on = now.astimezone(SHANGHAI).date()
    fixed = {"batch_key": named, "batch_at": ticks, "sent_on": sent_on, "provider_key": ""}
    return [row | fixed for row in rows]


def _take(
    connection: Connection,
    segment: str,
    rows: Sequence[Row],
    clear: Mapping[str, str],
    *,
    ticks: datetime,
    lease: timedelta,
) -> Batch:
    """Mark the rows of one batch as being sent by a new attempt."""
    attempt = 1 + max(row["attempt"] for row in rows)
    named = rows[0]["batch_key"]
    connection.execute(
        "update activation.message set state = 'sending', attempt = %(attempt)s, batch_key = %(batch)s,"
        " batch_at = %(batch_at)s, sent_on = %(sent_on)s, provider_key = %(provider_key)s, lease_until = %(until)s,"
        " not_before = null, reason = ''"
        " where key = any(%(keys)s)",
        {
            "attempt": attempt,
            "batch": named,
            "batch_at": rows[0]["batch_at"],
            "sent_on": rows[0]["sent_on"],
            "provider_key": rows[0]["provider_key"],
            "until": ticks + lease,
            "keys": [row["key"] for row in rows],
        },
    )
    messages = [as_message(row, clear) for row in rows]
    return Batch(key=named, attempt=attempt, segment=segment, lease_until=ticks + lease, messages=messages)


def take_over(
    connection: Connection, named: str, *, segment: str, ticks: datetime, lease: timedelta, vault: Vault
) -> Batch | None:
    """Take what is left of a batch whose lease is over; whoever held it can no longer store an outcome."""
    rows = fetch(
        connection,
        "select * from activation.message where batch_key = %(batch)s and state = 'sending'"
        " and lease_until <= %(ticks)s order by key for update",
        {"batch": named, "ticks": ticks},
    )
    clear = vault.reveal(connection, tokens_of(rows))
    gone = [row["key"] for row in rows if erased(row, clear)]
    move(connection, gone, "parked", "address erased while the answer was lost")
    rows = [row for row in rows if row["key"] not in gone]
    return _take(connection, segment, rows, clear, ticks=ticks, lease=lease) if rows else None
