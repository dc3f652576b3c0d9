"""Collect one night from the night's books and the published marts. Keys and counts only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, TypeVar

from psycopg.rows import class_row

from quanyu import activation, warehouse
from quanyu.activation import mirror
from quanyu.report import queries
from quanyu.report.marts import PICTURES, FunnelCell

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
    marts: Mapping[str, Sequence[Any]]
    """Mart -> the rows of its picture; a mart that is not there, or has none, has no rows."""
    waterfall: Sequence[activation.WaterfallRow]
    mirrors: Sequence[mirror.MirrorRow]
    messages: Sequence[Messages]
    holds: Sequence[Hold]
    gates: Sequence[Gate]
    layers: Sequence[Layer]
    pictured_customer: str
    evidence: Sequence[Evidence]
    truth: dict[str, float] = field(default_factory=dict)
    """Precision and recall of One-ID, where the truth is known (the sandbox world)."""

    @property
    def funnel(self) -> Sequence[FunnelCell]:
        """The AISAS funnel of the day."""
        return self.marts["fct_funnel_daily"]

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
        pictured = _one(connection, queries.PICTURED, {}, needs=queries.OBSERVATIONS)
        return Night(
            business_date=business_date,
            published_at=_one(connection, queries.PUBLISHED, {"date": business_date}),
            sources=_rows(connection, SourceNight, queries.SOURCES, {"date": business_date}),
            loads=_rows(connection, EntityLoad, queries.LOADS, {"date": business_date}),
            identity=_rows(connection, Count, queries.IDENTITY, {}, needs="identity.int_identity__components"),
            refusals=_rows(connection, Count, queries.REFUSALS, {}, needs="identity.int_identity__refusals"),
            marts={
                picture.mart: _rows(
                    connection, picture.row, picture.query, {"date": business_date}, needs=f"marts.{picture.mart}"
                )
                for picture in PICTURES
            },
            waterfall=activation.waterfall(dsn, business_date),
            mirrors=mirror.waterfall(dsn, business_date),
            messages=_rows(connection, Messages, queries.MESSAGES, {"date": business_date}),
            holds=_rows(connection, Hold, queries.HOLDS, {"date": business_date}),
            gates=_rows(connection, Gate, queries.GATES, {"date": business_date}),
            layers=_rows(connection, Layer, queries.LAYERS, {"date": business_date}),
            pictured_customer=pictured,
            evidence=_rows(connection, Evidence, queries.EVIDENCE, {"one_id": pictured}, needs=queries.OBSERVATIONS),
            truth=truth or {},
        )


def _rows(
    connection: warehouse.Connection, kind: type[Row], query: str, parameters: dict[str, Any], *, needs: str = ""
) -> list[Row]:
    if needs and not _exists(connection, needs):
        return []
    with connection.cursor(row_factory=class_row(kind)) as cursor:
        return cursor.execute(query, parameters).fetchall()


def _one(connection: warehouse.Connection, query: str, parameters: dict[str, Any], *, needs: str = "") -> str:
    if needs and not _exists(connection, needs):
        return ""
    row = connection.execute(query, parameters).fetchone()
    return str(row[0]) if row else ""


def _exists(connection: warehouse.Connection, relation: str) -> bool:
    row = connection.execute("select to_regclass(%s) is not null", [relation]).fetchone()
    return bool(row and row[0])
