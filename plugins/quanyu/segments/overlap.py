"""Whom the published segments share: the higher priority gets the person, the other one a `duplicate`."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

from psycopg import sql

from quanyu import warehouse
from quanyu.activation.decide import members_of
from quanyu.activation.definition import load
from quanyu.warehouse import Connection


@dataclass(frozen=True, slots=True)
class Overlap:
    """`sizes` of all segments, the most important first, and the people whom each pair shares."""

    sizes: dict[str, int]
    shared: dict[tuple[str, str], int]

    def of(self, one: str, other: str) -> int:
        """How many people are in both."""
        return self.shared.get((one, other)) or self.shared.get((other, one)) or 0


def overlap(dsn: str) -> Overlap:
    """Count over the published tables; every segment was published once."""
    with warehouse.connect(dsn) as connection:
        return overlap_within(connection, list(load(connection)))


def overlap_within(connection: Connection, segments: list[str]) -> Overlap:
    """Count the given segments, all at once: one pass over each table."""
    if not segments:
        return Overlap({}, {})
    everybody = sql.SQL(" union all ").join(
        sql.SQL("select one_id, {}::text as segment from {}").format(sql.Literal(name), members_of(name))
        for name in segments
    )
    query = sql.SQL(
        "with everybody as ({}), sets as (select array_agg(segment order by segment) as names"
        " from everybody group by one_id) select names, count(*) from sets group by names"
    ).format(everybody)
    sizes, shared = dict.fromkeys(segments, 0), dict[tuple[str, str], int]()
    for names, people in connection.execute(query).fetchall():
        for name in names:
            sizes[name] += people
        for pair in combinations(names, 2):
            shared[pair] = shared.get(pair, 0) + people
    return Overlap(sizes, shared)
