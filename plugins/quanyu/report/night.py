"""Collect one night from the night's books and the published marts. Keys and counts only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, TypeVar

from psycopg.rows import class_row

from quanyu import activation, warehouse

Row = TypeVar("Row")


@dataclass(frozen=True, slots=True, kw_only=True)
class EntityLoad:
    """What one entity brought: rows as read, rows that were new, and what went wrong."""

    source: str
    entity: str
    status: str
    rows_read: int
    rows_new: int
    rows_deleted: int
    new_fields: list[str]
    error: str
    remedy: str
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceNight:
    """How a source ended the night."""

    source: str
    status: str
    error: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FunnelCell:
    """One AISAS stage of one channel on the business date."""

    stage: str
    channel: str
    events: int
    customers: int
    revenue_fen: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """A named count."""

    name: str
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Messages:
    """How many messages of a channel stand in a state of the ledger."""

    channel: str
    state: str
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """A segment that waits for a person, and why."""

    name: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """One dbt layer: nodes built or tested, failures, seconds of work."""

    layer: str
    nodes: int
    failed: int
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """The verdicts of one gate on one relation."""

    gate: str
    relation: str
    checks: int
    failed: int
    warned: int
    reasons: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """One edge of the pictured customer's identity graph; values are shortened, phones are tokens."""

    account_type: str
    account_id: str
    identifier_type: str
    identifier_value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Night:
    """Everything the report says of one business date."""

    business_date: date
    published_at: str
    sources: Sequence[SourceNight]
    loads: Sequence[EntityLoad]
    identity: Sequence[Count]
    refusals: Sequence[Count]
    funnel: Sequence[FunnelCell]
    waterfall: Sequence[activation.WaterfallRow]
    messages: Sequence[Messages]
    holds: Sequence[Hold]
    gates: Sequence[Gate]
    layers: Sequence[Layer]
    pictured_customer: str
    evidence: Sequence[Evidence]
    truth: dict[str, float] = field(default_factory=dict)
    """Precision and recall of One-ID, where the truth is known (the sandbox world)."""

    @property
    def total(self) -> activation.WaterfallRow:
        """The waterfall of all segments together."""
        return activation.WaterfallRow(
            segment="all",
            audience=sum(row.audience for row in self.waterfall),
            delivered=sum(row.delivered for row in self.waterfall),
            parts={part: sum(row.parts.get(part, 0) for row in self.waterfall) for part in activation.PARTS},
        )

    @property
    def reasons(self) -> list[str]:
        """The words of the waterfall that anybody fell under, and `sent`."""
        return [part for part, people in self.total.parts.items() if people or part == "sent"]


def night_report(dsn: str, business_date: date, *, truth: dict[str, float] | None = None) -> Night:
    """Read the night of one business date. A step that never ran is an empty section, not an error."""
    with warehouse.connect(dsn) as connection:
        pictured = _one(connection, _PICTURED, {})
        return Night(
            business_date=business_date,
            published_at=_one(connection, _PUBLISHED, {"date": business_date}),
            sources=_rows(connection, SourceNight, _SOURCES, {"date": business_date}),
            loads=_rows(connection, EntityLoad, _LOADS, {"date": business_date}),
            identity=_rows(connection, Count, _IDENTITY, {}, needs="identity.int_identity__components"),
            refusals=_rows(connection, Count, _REFUSALS, {}, needs="identity.int_identity__refusals"),
            funnel=_rows(connection, FunnelCell, _FUNNEL, {"date": business_date}, needs="marts.fct_funnel_daily"),
            waterfall=activation.waterfall(dsn, business_date),
            messages=_rows(connection, Messages, _MESSAGES, {"date": business_date}),
            holds=_rows(connection, Hold, _HOLDS, {"date": business_date}),
            gates=_rows(connection, Gate, _GATES, {"date": business_date}),
            layers=_rows(connection, Layer, _LAYERS, {"date": business_date}),
            pictured_customer=pictured,
            evidence=_rows(connection, Evidence, _EVIDENCE, {"one_id": pictured}, needs=_OBSERVATIONS),
            truth=truth or {},
        )


def _rows(
    connection: warehouse.Connection, kind: type[Row], query: str, parameters: dict[str, Any], *, needs: str = ""
) -> list[Row]:
    if needs and not _exists(connection, needs):
        return []
    with connection.cursor(row_factory=class_row(kind)) as cursor:
        return cursor.execute(query, parameters).fetchall()


def _one(connection: warehouse.Connection, query: str, parameters: dict[str, Any]) -> str:
    if query is _PICTURED and not _exists(connection, _OBSERVATIONS):
        return ""
    row = connection.execute(query, parameters).fetchone()
    return str(row[0]) if row else ""


def _exists(connection: warehouse.Connection, relation: str) -> bool:
    row = connection.execute("select to_regclass(%s) is not null", [relation]).fetchone()
    return bool(row and row[0])


_OBSERVATIONS = "identity.int_identity__observations"

_PUBLISHED = (
    "select to_char(published_at at time zone 'Asia/Shanghai', 'YYYY-MM-DD HH24:MI')"
    " from ops.publication where business_date = %(date)s"
)

_SOURCES = "select source, status, error from ops.source_night where business_date = %(date)s order by source"

_LOADS = """
select distinct on (source, entity)
    source, entity, status, rows_read, rows_new, rows_deleted, new_fields, error, remedy,
    coalesce(extract(epoch from finished_at - started_at), 0)::float8 as seconds
from ops.entity_load
where business_date = %(date)s
order by source, entity, load_id desc
"""

_IDENTITY = """
select 'accounts' as name, count(*) as count from identity.int_identity__components
union all
select 'One-IDs', count(distinct one_id) from identity.int_identity__components
union all
select 'One-IDs of more than one account', count(*) from (
    select one_id from identity.int_identity__components group by one_id having count(*) > 1
) as merged
union all
select 'One-IDs across more than one system', count(*) from (
    select one_id from identity.bridge_account_customer group by one_id having count(distinct source) > 1
) as joined
"""

_REFUSALS = """
select reason as name, count(distinct identifier_key) as count
from identity.int_identity__refusals group by reason order by count desc, reason
"""

_FUNNEL = """
select stage, channel, events, customers, revenue_fen
from marts.fct_funnel_daily where funnel_on = %(date)s
order by array_position(array['attention', 'interest', 'search', 'action', 'share'], stage), channel
"""

_MESSAGES = """
select channel, state, count(*) as count
from activation.message where business_date = %(date)s group by channel, state order by channel, state
"""

_HOLDS = """
select segment as name, reason from activation.hold
where business_date = %(date)s and released_at is null order by segment
"""

_GATES = """
with last_check as (
    select distinct on (gate, relation, expectation, column_name, reason) *
    from ops.gate_result where business_date = %(date)s
    order by gate, relation, expectation, column_name, reason, checked_at desc
)

select
    gate, relation, count(*) as checks,
    count(*) filter (where not is_met and severity = 'fail') as failed,
    count(*) filter (where not is_met and severity = 'warn') as warned,
    coalesce(array_agg(reason order by reason) filter (where not is_met), '{}') as reasons
from last_check group by gate, relation order by gate, relation
"""

_LAYERS = """
select
    layer, count(*) as nodes,
    count(*) filter (where status not in ('success', 'pass', 'warn')) as failed,
    round(sum(seconds)::numeric, 1)::float8 as seconds
from ops.dbt_result where business_date = %(date)s
group by layer order by array_position(array['staging', 'identity', 'marts', 'segments'], layer)
"""

# The customer seen in most systems, with a graph that still fits a page.
_PICTURED = """
select bridge.one_id
from identity.bridge_account_customer as bridge
inner join identity.int_identity__observations as seen using (account_key)
group by bridge.one_id
having count(*) <= 24
order by count(distinct bridge.source) desc, count(*) desc, bridge.one_id limit 1
"""

_EVIDENCE = """
select distinct
    seen.account_type, left(seen.account_id, 6) || '…' || right(seen.account_id, 4) as account_id,
    seen.identifier_type, left(seen.identifier_value, 6) || '…' || right(seen.identifier_value, 4) as identifier_value
from identity.int_identity__observations as seen
inner join identity.bridge_account_customer as bridge using (account_key)
where bridge.one_id = %(one_id)s
order by 1, 2, 3, 4
"""
