"""What a segment would do tonight, found by planning the night with it and taking the plan back."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from psycopg import sql
from psycopg.types.json import Jsonb

from quanyu import discovery, warehouse
from quanyu.activation.decide import members_of
from quanyu.activation.definition import SegmentDefinition, load, parse
from quanyu.activation.plan import plan_within
from quanyu.dbt import Compiled, compile_segment
from quanyu.errors import Rejected
from quanyu.segments.overlap import overlap_within
from quanyu.warehouse import Connection

_SAMPLE = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """One segment as it would be planned for `business_date`, every channel of it taken as switched on.

    `outcomes` counts people by outcome, channel and detail; `sample` are a few rows, tokens left closed; `joined` and
    `left` compare with the last planned night, and are None when the segment is new.
    """

    segment: str
    business_date: date
    definition: SegmentDefinition
    audience: int
    outcomes: Counter[tuple[str, str, str]]
    held: str
    overlap: dict[str, int]
    joined: int | None
    left: int | None
    sample: list[dict[str, Any]] = field(repr=False)


def preview(dsn: str, segment: str, vault_key: bytes) -> Preview:
    """Compile the file, plan the published night with it, look at the outcome, and roll everything back.

    Raises ConfigurationError when the segment's file or meta is wrong, Rejected when nothing is published yet.
    """
    business_date = _published(dsn)
    compiled = compile_segment(segment, business_date, dsn=dsn)
    definition = parse(segment, compiled.meta)
    with warehouse.connect(dsn) as connection, connection.transaction(force_rollback=True):
        _take_place(connection, segment, compiled)
        channels = {name: one for name, one in discovery.channels().items() if name in definition.channels}
        planned = {one.segment: one for one in plan_within(connection, business_date, channels, vault_key)}
        shared = overlap_within(connection, list(load(connection)))
        joined, left = _change(connection, segment, business_date)
        return Preview(
            segment=segment,
            business_date=business_date,
            definition=definition,
            audience=shared.sizes[segment],
            outcomes=_outcomes(connection, segment, business_date),
            held=planned[segment].held if segment in planned else "",
            overlap={other: shared.of(segment, other) for other in shared.sizes if shared.of(segment, other)},
            joined=joined,
            left=left,
            sample=_sample(connection, segment),
        )


def _published(dsn: str) -> date:
    with warehouse.connect(dsn) as connection:
        row = connection.execute("select max(business_date) from ops.publication").fetchone()
    if row is None or row[0] is None:
        raise Rejected("nothing was published yet.", remedy="run a night first: `quanyu night --date ...`.")
    found: date = row[0]
    return found


def _take_place(connection: Connection, segment: str, compiled: Compiled) -> None:
    """Put what the file says into the place of the published segment, within a transaction that is rolled back."""
    table = members_of(segment)
    connection.execute(sql.SQL("drop table if exists {} cascade").format(table))
    connection.execute(sql.SQL("create table {} as ").format(table) + sql.SQL(compiled.query))
    connection.execute(sql.SQL("alter table {} add primary key (one_id)").format(table))
    connection.execute(sql.SQL("analyze {}").format(table))
    connection.execute(
        "insert into ops.segment (segment, meta) values (%s, %s)"
        " on conflict (segment) do update set meta = excluded.meta",
        [segment, Jsonb(compiled.meta)],
    )


def _outcomes(connection: Connection, segment: str, business_date: date) -> Counter[tuple[str, str, str]]:
    rows = connection.execute(
        "select outcome, channel, detail, count(*) from activation.decision"
        " where segment = %s and business_date = %s group by 1, 2, 3",
        [segment, business_date],
    ).fetchall()
    return Counter({(outcome, channel, detail): count for outcome, channel, detail, count in rows})


def _change(connection: Connection, segment: str, business_date: date) -> tuple[int | None, int | None]:
    """Who came and went since the night before, by the membership that this very planning wrote."""
    row = connection.execute(
        "select entered, exited, exists (select from activation.segment_night as before"
        " where before.segment = night.segment and before.business_date < night.business_date)"
        " from activation.segment_night as night where segment = %s and business_date = %s",
        [segment, business_date],
    ).fetchone()
    return (row[0], row[1]) if row and row[2] else (None, None)


def _sample(connection: Connection, segment: str) -> list[dict[str, Any]]:
    query = sql.SQL("select to_jsonb(member) from {} as member order by one_id limit %s").format(members_of(segment))
    return [row for (row,) in connection.execute(query, [_SAMPLE]).fetchall()]
