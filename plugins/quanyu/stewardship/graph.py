"""The neighbourhood of two people in the graph of evidence: what ties them, what was refused, step by step.

Each query asks for the neighbours of a few accounts; the graph as a whole never leaves the database.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from psycopg.rows import TupleRow

from quanyu.stewardship.nouns import Account, Identifier
from quanyu.warehouse import Connection

STEPS = 4
"""How many identifiers long a tie between two people may be to be looked for."""

_CROWD = 50  # an identifier of more accounts ties everybody to everybody; it is looked at, not followed
_LONGEST = 1000  # one person's chain: each step is a query, and it ends when the person does

_SIGHTINGS = """
    select
        o.account_type, o.scope, o.account_id, o.identifier_type, o.identifier_scope, o.identifier_value,
        o.source, o.first_seen_at, o.last_seen_at, o.times_seen, e.node_key, r.reason, r.detail
    from identity.int_identity__screened as o
    left join identity.int_identity__edges as e
        on o.account_key = e.account_key and o.identifier_key = e.identifier_key
    left join identity.int_identity__refusals as r
        on o.account_key = r.account_key and o.identifier_key = r.identifier_key
    left join policy.identity_identifier_types as t on o.identifier_type = t.identifier_type
    where {} order by t.priority, o.first_seen_at, o.account_key, o.identifier_key"""


@dataclass(frozen=True, slots=True)
class Sighting:
    """One account showing one identifier; `node_key` is None where identity does not believe it, and `reason` says why.

    A number that was issued again is believed under one node_key per owner.
    """

    account: Account
    identifier: Identifier
    source: str
    first_seen_at: datetime
    last_seen_at: datetime
    times_seen: int
    node_key: str | None
    reason: str | None
    detail: str | None

    @classmethod
    def of(cls, row: TupleRow) -> Sighting:
        return cls(Account(*row[:3]), Identifier(*row[3:6]), *row[6:])


@dataclass(frozen=True, slots=True)
class Step:
    """From one account to another over an identifier that both show."""

    near: Sighting
    far: Sighting

    @property
    def is_believed(self) -> bool:
        """Whether identity joins the two by it."""
        return self.near.node_key is not None and self.near.node_key == self.far.node_key

    @property
    def why_not(self) -> tuple[str, str]:
        """(reason, detail) of the refusal."""
        for sighting in (self.near, self.far):
            if sighting.reason:
                return sighting.reason, sighting.detail or ""
        return "phone_recycled", "the number was another owner's before"


def sightings(connection: Connection, accounts: Collection[Account]) -> list[Sighting]:
    """Everything the accounts show, strongest first."""
    rows = connection.execute(_SIGHTINGS.format("o.account_key = any(%s)"), [[account.key for account in accounts]])
    return [Sighting.of(row) for row in rows]


def shared(connection: Connection, left: Collection[Account], right: Collection[Account]) -> list[Step]:
    """One step per identifier that both sides show, strongest first."""
    mine: dict[Identifier, Sighting] = {}
    for sighting in sightings(connection, left):
        mine.setdefault(sighting.identifier, sighting)
    steps: dict[Identifier, Step] = {}
    for sighting in sightings(connection, right):
        near = mine.get(sighting.identifier)
        if near and near.source != "steward":
            steps.setdefault(sighting.identifier, Step(near, sighting))
    return list(steps.values())


def chain(connection: Connection, start: Account, end: Account) -> list[Step]:
    """A shortest way between two accounts of one person over believed evidence; empty when there is none."""
    return _walk(connection, {start}, {end}, believed=True, steps=_LONGEST)


def detour(connection: Connection, left: Collection[Account], right: Collection[Account]) -> list[Step]:
    """A shortest way of at most `STEPS` between two people over any evidence, refused or not."""
    return _walk(connection, left, right, believed=False, steps=STEPS)


def _walk(
    connection: Connection, start: Collection[Account], end: Collection[Account], *, believed: bool, steps: int
) -> list[Step]:
    came: dict[Account, Step | None] = dict.fromkeys(start)
    asked: set[str] = set()
    frontier = list(start)
    for _ in range(steps):
        shown = [s for s in sightings(connection, frontier) if s.node_key or not believed]
        nodes = {_node(s, believed=believed): s for s in reversed(shown) if _node(s, believed=believed) not in asked}
        asked |= nodes.keys()
        frontier = []
        for far in _showing(connection, list(nodes), end, believed=believed):
            near = nodes[_node(far, believed=believed)]
            if far.account not in came:
                came[far.account] = Step(near, far)
                frontier.append(far.account)
        reached = next((account for account in frontier if account in end), None)
        if reached:
            return _way(came, reached)
        if not frontier:
            break
    return []


def _showing(
    connection: Connection, nodes: list[str], end: Collection[Account], *, believed: bool
) -> Iterable[Sighting]:
    """Who shows the identifiers; of a crowd only the accounts we look for."""
    if believed:
        rows = connection.execute(_SIGHTINGS.format("e.node_key = any(%s)"), [nodes])
    else:
        small = connection.execute(
            """select identifier_key from identity.int_identity__screened
            where identifier_key = any(%s) group by identifier_key having count(*) <= %s""",
            [nodes, _CROWD],
        )
        rows = connection.execute(
            _SIGHTINGS.format("o.identifier_key = any(%s) and (o.identifier_key = any(%s) or o.account_key = any(%s))"),
            [nodes, [key for (key,) in small], [account.key for account in end]],
        )
    return (Sighting.of(row) for row in rows)


def _node(sighting: Sighting, *, believed: bool) -> str:
    return sighting.node_key or "" if believed else sighting.identifier.key


def _way(came: dict[Account, Step | None], end: Account) -> list[Step]:
    way: list[Step] = []
    step = came[end]
    while step:
        way.append(step)
        step = came[step.near.account]
    return way[::-1]
