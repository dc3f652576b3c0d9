"""Ask the published marts for metrics of dbt's semantic layer (docs/bi.md): MetricFlow writes the SQL, we run it.

The metrics are the files in `dbt_project/metrics/`. Nothing here is part of a night.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from quanyu import dbt, dbt_command, warehouse
from quanyu.errors import ConfigurationError, Rejected

if TYPE_CHECKING:
    from metricflow.engine.metricflow_engine import MetricFlowEngine

# No metric knows the night: any date will do, and always the same lets dbt parse only what changed.
_VARIABLES = {"business_date": "2000-01-01", "reads_published": True}


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """Metrics, by what they are told apart, and what must hold, in MetricFlow's words."""

    metrics: Sequence[str]
    by: Sequence[str] = ()
    where: Sequence[str] = ()
    order: Sequence[str] = ()
    limit: int | None = None


def engine(dsn: str, folder: Path) -> MetricFlowEngine:
    """What knows the metrics of the marts that the database of `dsn` publishes; `folder` keeps what dbt parsed.

    Raises Rejected when dbt does not take the project; asks the warehouse nothing.
    """
    from metricflow.engine.metricflow_engine import MetricFlowEngine
    from metricflow_semantics.model.dbt_manifest_parser import parse_manifest_from_dbt_generated_manifest
    from metricflow_semantics.model.semantic_manifest_lookup import SemanticManifestLookup

    outcome = dbt_command.parse(dsn, folder, _VARIABLES)
    if not outcome.success:
        raise Rejected(
            f"dbt did not parse: {dbt.without_values(str(outcome.exception))}",
            remedy=f"correct the project; the whole story is in {folder / 'dbt.log'}.",
        )
    manifest = parse_manifest_from_dbt_generated_manifest((folder / "semantic_manifest.json").read_text("utf-8"))
    return MetricFlowEngine(SemanticManifestLookup(manifest), _postgres())


def sql(known: MetricFlowEngine, question: Question) -> str:
    """The query that answers a question. Raises ConfigurationError when it cannot be answered."""
    from metricflow.engine.metricflow_engine import MetricFlowQueryRequest
    from metricflow_semantics.errors.error_classes import InformativeUserError

    request = MetricFlowQueryRequest.create(
        metric_names=list(question.metrics),
        group_by_names=list(question.by),
        where_constraints=list(question.where) or None,
        order_by_names=list(question.order),
        limit=question.limit,
    )
    try:
        return known.explain(request).sql_statement.sql
    except InformativeUserError as error:
        raise ConfigurationError(
            str(error), remedy="docs/marts-reference.md lists metrics and what they go by."
        ) from None


def answer(dsn: str, query: str) -> tuple[list[str], list[tuple[Any, ...]]]:
    """The names of the columns and the rows of a query that only reads."""
    with warehouse.connect(dsn) as connection:
        connection.execute("set transaction read only")
        cursor = connection.execute(query)
        return [column.name for column in cursor.description or ()], cursor.fetchall()


def _postgres() -> Any:
    """What MetricFlow must know of Postgres to write SQL for it; it runs none."""
    from metricflow.protocols.sql_client import SqlEngine
    from metricflow.sql.render.postgres import PostgresSQLSqlPlanRenderer

    class Postgres:
        sql_engine_type = SqlEngine.POSTGRES
        sql_plan_renderer = PostgresSQLSqlPlanRenderer()

    return Postgres()
