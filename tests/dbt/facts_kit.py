"""Facts as the marts' models find them, written by hand, so that a test can build a few marts on a world of its own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from psycopg import sql

from quanyu import dbt, dbt_command, warehouse
from quanyu.local.postgres import EmbeddedPostgres
from tests.dbt.evidence_kit import new_database

Rows = list[tuple[Any, ...]]

_TABLES = """
    create schema if not exists policy; create schema if not exists marts_build; create schema if not exists marts_work;
    create table policy.touchpoint_kinds (
        channel text, touchpoint_type text, placement text, stage text, domain text, field text, phase text);
    create table policy.journey_nodes (
        template text, step integer, node text, channel text, touchpoint_type text, taps integer, within_days integer);
    create table marts_build.fct_touchpoints (
        touchpoint_key text, one_id text, channel text, touchpoint_type text, placement text, campaign_key text,
        product_key text, occurred_at timestamptz, occurred_on date, quantity bigint, record_id bigint);
    create table marts_build.fct_orders (
        order_key text, one_id text, channel text, ordered_at timestamptz, ordered_on date, gross_fen bigint,
        net_fen bigint, is_paid boolean);
"""


@dataclass(frozen=True)
class Facts:
    """A warehouse with facts and nothing that they are made of."""

    dsn: str
    folder: Path

    def write(self, table: str, rows: Iterable[dict[str, Any]]) -> None:
        """Replace a table's rows."""
        rows = list(rows)
        schema, name = table.split(".")
        with warehouse.connect(self.dsn) as connection:
            relation = sql.Identifier(schema, name)
            connection.execute(sql.SQL("truncate {}").format(relation))
            warehouse.copy_rows(connection, relation, tuple(rows[0]), (tuple(row.values()) for row in rows))

    def run(self, night: date, *models: str) -> None:
        """Build models anew."""
        variables = {"business_date": night.isoformat()}
        outcome = dbt_command.invoke(["run", "--no-write-json", "--select", *models], self.dsn, self.folder, variables)
        assert outcome.success, [(result.node, result.message) for result in dbt.failed(outcome)] or outcome.exception

    def rows(self, query: str) -> Rows:
        with warehouse.connect(self.dsn) as connection:
            connection.execute("set search_path = marts_build, marts_work")
            return connection.execute(query).fetchall()


@contextmanager
def facts_of_their_own(postgres: EmbeddedPostgres, folder: Path) -> Iterator[Facts]:
    """An empty world of facts, gone at the end."""
    with new_database(postgres) as dsn:
        with warehouse.connect(dsn) as connection:
            connection.execute(_TABLES)
        yield Facts(dsn, folder)
