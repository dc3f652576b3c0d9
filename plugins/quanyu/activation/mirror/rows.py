"""The rows of a list: what is handed over next, and what came of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from psycopg import sql

from quanyu.activation.consent import NO_CONSENT_TODAY
from quanyu.activation.ledger import Row, fetch
from quanyu.activation.mirror.lists import List
from quanyu.contracts import Member, Receipt, Verdict
from quanyu.vault import Vault
from quanyu.warehouse import Connection

_ROWS = sql.SQL("activation.audience_member as known")
_MINE = sql.SQL("known.audience = %(audience)s and known.segment = %(segment)s")

# An address that is refused rests for 1, 2, 4, 8, 16 and from then on 32 nights: most will never be taken, and some
# become known to the platform after all.
_REST = sql.SQL("%(date)s + (2 ^ least(refusals, 5))::int")

# `after` is where this pass through the list stands: nobody is handed over twice in one pass.
_NEXT = """
select asked.*, {refusal} as refusal from (
    select *, audience as channel from {rows}
    where {mine} and state = any(%(states)s) and state <> 'present' and ticket = '' and (is_owed or %(is_free)s)
        and (address, sender) > (%(after_address)s, %(after_sender)s)
    order by address, sender limit %(limit)s
    for update
) as asked order by address, sender
"""

_STORE = """
update {rows}
set state = said.state, code = said.code, ticket = said.ticket, changed_at = clock_timestamp(),
    refusals = case when said.is_refusal then refusals + 1 when said.state = 'present' then 0 else refusals end,
    not_before = case when said.state = 'refused' then {rest} end,
    sealed = case when said.state in ('wanted', 'refused') then null else sealed end
from unnest(
    %(addresses)s::text[], %(senders)s::text[], %(states)s::text[], %(codes)s::text[], %(tickets)s::text[],
    %(is_refusal)s::boolean[]
) as said (address, sender, state, code, ticket, is_refusal)
where {mine} and known.address = said.address and known.sender = said.sender
"""

_FORGET = """
delete from {rows}
using unnest(%(addresses)s::text[], %(senders)s::text[]) as gone (address, sender)
where {mine} and known.address = gone.address and known.sender = gone.sender
"""

_CLAIM = """
update {rows} set state = 'adding', sealed = taken.sealed
from unnest(%(addresses)s::text[], %(senders)s::text[], %(sealed)s::bytea[]) as taken (address, sender, sealed)
where {mine} and known.address = taken.address and known.sender = taken.sender
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Rows that are handed over in one call; `members` hold clear addresses and live in memory only."""

    rows: Sequence[Row] = field(repr=False)
    members: Sequence[Member] = field(repr=False)
    after: tuple[str, str]


def next_to_add(connection: Connection, of: List, vault: Vault, after: tuple[str, str]) -> Batch | None:
    """Take the next members to add, consent asked once more; None at the end of the list.

    The caller commits before it calls the platform, so that whatever may be there is known here.
    """
    rows = _next(connection, of, ["wanted", "adding"], after, refusal=NO_CONSENT_TODAY)
    if not rows:
        return None
    clear = vault.reveal(connection, [row["address"] for row in rows])
    taken: list[Row] = []
    withdrawn: list[Row] = []
    for row in rows:
        is_willing = row["refusal"] is None and (row["address"] in clear or not of.is_of_phones)
        (taken if is_willing else withdrawn).append(row)
    _withdraw(connection, of, withdrawn)
    sealed = [vault.seal(_seal_name(row), clear[row["address"]]) if of.is_of_phones else None for row in taken]
    change(connection, of, _CLAIM, _names(taken) | {"sealed": sealed})
    members = [_member(row, clear[row["address"]] if of.is_of_phones else row["address"]) for row in taken]
    return Batch(rows=taken, members=members, after=_key(rows[-1]))


def next_to_remove(
    connection: Connection, of: List, vault: Vault, after: tuple[str, str], *, is_free: bool
) -> Batch | None:
    """Take the next members to remove; of a held list those alone whose removal is owed. None at the end."""
    rows = _next(connection, of, ["removing"], after, refusal="null", is_free=is_free)
    if not rows:
        return None
    members = [
        _member(row, vault.open(_seal_name(row), bytes(row["sealed"])) if row["sealed"] else row["address"])
        for row in rows
    ]
    return Batch(rows=rows, members=members, after=_key(rows[-1]))


def store(
    connection: Connection, of: List, batch: Batch, receipts: Iterable[Receipt], business_date: date, *, adds: bool
) -> Counter[str]:
    """Store what the platform said of each row; return how many were added, removed, refused, or are open."""
    said = {receipt.key: receipt for receipt in receipts}
    counts: Counter[str] = Counter()
    gone: list[Row] = []
    moved: list[tuple[Row, str, Receipt]] = []
    for row in batch.rows:
        receipt = said.get(_name(row)) or Receipt(key="", verdict=Verdict.UNKNOWN)
        match receipt.verdict:
            case Verdict.ACCEPTED if adds:
                moved.append((row, "present", receipt))
                counts["added"] += 1
            case Verdict.ACCEPTED:
                gone.append(row)
                counts["removed"] += 1
            case Verdict.REFUSED:
                moved.append((row, "refused" if adds else "removing", receipt))
                counts["refused"] += 1
            case Verdict.LATER if adds and row["state"] == "wanted":
                moved.append((row, "wanted", receipt))
                counts["open"] += 1
            case _:
                if receipt.verdict is Verdict.UNKNOWN and receipt.provider_id:
                    moved.append((row, "adding" if adds else "removing", receipt))
                counts["open"] += 1
    change(connection, of, _FORGET, _names(gone))
    values = {
        "date": business_date,
        "states": [state for _, state, _ in moved],
        "codes": [receipt.code for *_, receipt in moved],
        "tickets": [receipt.provider_id if receipt.verdict is Verdict.UNKNOWN else "" for *_, receipt in moved],
        "is_refusal": [receipt.verdict is Verdict.REFUSED for *_, receipt in moved],
    }
    change(connection, of, _STORE, _names([row for row, *_ in moved]) | values)
    return +counts


def is_open(connection: Connection, of: List, *, adds: bool, is_free: bool) -> bool:
    """Whether anybody of those who may be handed over is left, of whom the platform has said neither yes nor no."""
    row = connection.execute(
        "select exists (select from activation.audience_member"
        " where audience = %(audience)s and segment = %(segment)s and ((%(adds)s and state in ('wanted', 'adding'))"
        " or (state = 'removing' and code = '' and (is_owed or %(is_free)s))))",
        of.values | {"adds": adds, "is_free": is_free},
    ).fetchone()
    return bool(row and row[0])


def states(connection: Connection, of: List) -> Counter[str]:
    """How many rows are in each state."""
    rows = connection.execute(
        "select state, count(*) from activation.audience_member"
        " where audience = %(audience)s and segment = %(segment)s group by state",
        of.values,
    ).fetchall()
    return Counter(dict(rows))


def _next(
    connection: Connection,
    of: List,
    wanted: Sequence[str],
    after: tuple[str, str],
    *,
    refusal: str,
    is_free: bool = True,
) -> list[Row]:
    query = sql.SQL(_NEXT).format(rows=_ROWS, mine=_MINE, refusal=sql.SQL(refusal))
    values = {
        "states": list(wanted),
        "is_free": is_free,
        "after_address": after[0],
        "after_sender": after[1],
        "limit": of.audience.largest_batch,
    }
    return fetch(connection, query, of.values | values)


def _withdraw(connection: Connection, of: List, rows: Sequence[Row]) -> None:
    """Leave out who withdrew since the difference was made; of whom the platform may have something, it must go."""
    change(connection, of, _FORGET, _names([row for row in rows if row["state"] == "wanted"]))
    change(
        connection,
        of,
        "update {rows} set state = 'removing', is_owed = true"
        " from unnest(%(addresses)s::text[], %(senders)s::text[]) as gone (address, sender)"
        " where {mine} and known.address = gone.address and known.sender = gone.sender",
        _names([row for row in rows if row["state"] == "adding"]),
    )


def change(
    connection: Connection, of: List, query: str, values: Mapping[str, Any] | None = None, **parts: sql.Composable
) -> None:
    """Run a statement on the rows of one list."""
    composed = sql.SQL(query).format(rows=_ROWS, mine=_MINE, rest=_REST, **parts)
    connection.execute(composed, of.values | dict(values or {}))


def _names(rows: Iterable[Row]) -> dict[str, Any]:
    rows = list(rows)
    return {"addresses": [row["address"] for row in rows], "senders": [row["sender"] for row in rows]}


def _key(row: Row) -> tuple[str, str]:
    return row["address"], row["sender"]


def _name(row: Row) -> str:
    return f"{row['address']}|{row['sender']}"


def _seal_name(row: Row) -> str:
    return f"audience|{row['address']}"


def _member(row: Row, address: str) -> Member:
    return Member(key=_name(row), address=address, sender=row["sender"])
