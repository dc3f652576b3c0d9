"""What waits for a steward, most harmful first, each with the commands that settle it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from psycopg.rows import TupleRow

from quanyu.stewardship.decisions import standing
from quanyu.stewardship.naming import require_identity
from quanyu.stewardship.nouns import Account, Decision, Identifier, command
from quanyu.warehouse import Connection

_SUSPECTS = """
    select identifier_type, identifier_scope, identifier_value, accounts, reason, detail, suspected_on, count(*) over ()
    from identity.int_identity__suspects
    where identifier_key <> all(%(settled)s)
    order by accounts desc, identifier_key limit %(limit)s"""

# `accounts` is of the identifier; an account that shows too many values is over a limit as well, but no crowd.
_CROWDS = """
    with crowds as (
        select r.identifier_key, max(r.accounts) as accounts, max(r.detail) as detail
        from identity.int_identity__refusals as r
        inner join policy.identity_identifier_types as t on r.identifier_type = t.identifier_type
        where r.reason = 'over_limit' and r.accounts > t.max_accounts and r.identifier_key <> all(%(settled)s)
        group by r.identifier_key
    ),

    worst as (
        select *, count(*) over () as crowds from crowds order by accounts desc, identifier_key limit %(limit)s
    )

    select o.identifier_type, o.identifier_scope, o.identifier_value, w.accounts, w.detail, o.first_seen_at, w.crowds
    from worst as w
    cross join lateral (
        select * from identity.int_identity__screened
        where identifier_key = w.identifier_key order by first_seen_at limit 1
    ) as o
    order by w.accounts desc, w.identifier_key"""

_HOUSEHOLDS = """
    with links as (
        select one_id_a, one_id_b, count(*) as identifiers
        from identity.int_identity__household_links
        where one_id_a || one_id_b <> all(%(settled)s)
        group by one_id_a, one_id_b
    ),

    orders as (
        select one_id, count(*) as orders
        from marts.fct_orders
        where one_id in (select one_id_a from links union select one_id_b from links)
        group by one_id
    )

    select one_id_a, one_id_b, identifiers, coalesce(a.orders, 0) + coalesce(b.orders, 0), count(*) over ()
    from links
    left join orders as a on links.one_id_a = a.one_id
    left join orders as b on links.one_id_b = b.one_id
    where a.orders is not null or b.orders is not null
    order by 4 desc, 1, 2 limit %(limit)s"""


_PROPOSALS = """
    with newest as (
        select
            *,
            left(encode(sha256(convert_to(
                left_account_type || '|' || left_scope || '|' || left_account_id, 'UTF8'
            )), 'hex'), 32) as one_key,
            left(encode(sha256(convert_to(
                right_account_type || '|' || right_scope || '|' || right_account_id, 'UTF8'
            )), 'hex'), 32) as other_key
        from ops.identity_proposal
        where proposed_on = (select max(proposed_on) from ops.identity_proposal_run where proposed_on <= %(day)s)
    )

    select
        left_account_type, left_scope, left_account_id, right_account_type, right_scope, right_account_id,
        probability, proposed_on, count(*) over ()
    from newest as n
    left join identity.int_identity__components as a on n.one_key = a.account_key
    left join identity.int_identity__components as b on n.other_key = b.account_key
    where
        coalesce(a.one_id, n.one_key) <> coalesce(b.one_id, n.other_key)
        and coalesce(a.one_id, n.one_key) || coalesce(b.one_id, n.other_key) <> all(%(settled)s)
    order by probability desc, 1, 2, 3, 4, 5, 6 limit %(limit)s"""


@dataclass(frozen=True, slots=True)
class Item:
    """One thing to decide; `harm` counts the accounts or orders that would be somebody else's."""

    harm: int
    unit: str
    what: str
    why: str
    since: date | None
    commands: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Backlog:
    """The most harmful items and how many there are in all."""

    items: tuple[Item, ...]
    total: int


def backlog(connection: Connection, business_date: date, limit: int) -> Backlog:
    """Read what the last build left open and no decision standing on the date has settled."""
    require_identity(connection)
    decided = standing(connection, business_date)
    asked: dict[str, Any] = {
        "day": business_date,
        "limit": limit,
        "settled": [decision.identifier.key for decision in decided if decision.identifier],
    }
    suspects = _rows(connection, _SUSPECTS, asked, "identity.int_identity__suspects")
    if suspects:
        # A crowd that the detector names already is not named twice.
        keys = connection.execute("select identifier_key from identity.int_identity__suspects")
        asked["settled"] = [*asked["settled"], *(key for (key,) in keys)]
    crowds = _rows(connection, _CROWDS, asked)
    asked["settled"] = _settled_pairs(connection, decided)
    households = _rows(connection, _HOUSEHOLDS, asked, "marts.fct_orders")
    proposals = _rows(connection, _PROPOSALS, asked, "ops.identity_proposal")
    items = [*map(_suspect, suspects), *map(_crowd, crowds), *map(_household, households), *map(_proposal, proposals)]
    # Every query counts all it found in its last column, before its limit.
    total = sum(rows[0][-1] for rows in (suspects, crowds, households, proposals) if rows)
    return Backlog(tuple(sorted(items, key=lambda item: -item.harm)[:limit]), total)


def _rows(connection: Connection, query: str, asked: dict[str, Any], needed: str = "") -> list[TupleRow]:
    """What a query finds; nothing where the table it needs was not built yet."""
    if needed and connection.execute("select to_regclass(%s)", [needed]).fetchone() == (None,):
        return []
    return connection.execute(query, asked).fetchall()


def _settled_pairs(connection: Connection, decided: Sequence[Decision]) -> list[str]:
    """Every two people (or accounts of nobody) of whom a steward spoke, as one text, in either order."""
    accounts = {account.key for decision in decided for account in (*decision.left, *decision.right)}
    owners: dict[str, str] = dict(
        connection.execute(
            "select account_key, one_id from identity.int_identity__components where account_key = any(%s)",
            [list(accounts)],
        ).fetchall()
    )
    pairs: set[str] = set()
    for decision in decided:
        left, right = (
            {owners.get(account.key, account.key) for account in side} for side in (decision.left, decision.right)
        )
        pairs |= {f"{a}{b}" for one in left for other in right for a, b in ((one, other), (other, one))}
    return sorted(pairs)


def _suspect(row: TupleRow) -> Item:
    *names, accounts, reason, detail, since, _ = row
    known = Identifier(*names)
    why = f"{reason.replace('_', ' ')}: {detail}"
    return Item(accounts, "accounts", f"suspected: {known}", why, since, _judge(known))


def _crowd(row: TupleRow) -> Item:
    *names, accounts, detail, since, _ = row
    known = Identifier(*names)
    return Item(accounts, "accounts", f"over its limit: {known}", detail, since.date(), _judge(known))


def _household(row: TupleRow) -> Item:
    one, other, identifiers, orders, _ = row
    what = f"two people, one household or one person: {one} and {other}"
    why = f"they show {identifiers} identifier(s) in common, and stronger ones keep them apart"
    return Item(orders, "orders", what, why, None, _tell_apart(one, other))


def _proposal(row: TupleRow) -> Item:
    one, other = Account(*row[:3]), Account(*row[3:6])
    what = f"perhaps one person: {one} and {other}"
    return Item(2, "accounts", what, f"by names and addresses, {row[6]:.0%} likely", row[7], _tell_apart(one, other))


def _judge(known: Identifier) -> tuple[str, ...]:
    return tuple(command(name, known.key) for name in ("quarantine", "trust"))


def _tell_apart(one: object, other: object) -> tuple[str, ...]:
    return tuple(command(name, one, other) for name in ("explain", "never-same", "same"))
