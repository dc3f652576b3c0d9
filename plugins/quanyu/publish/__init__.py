"""Show the night to its readers: all of it, in one transaction, by writing only what changed.

dbt builds in `marts_build` and `segments_build`, where nobody looks. The tables of `marts` and `segments` stay the
same objects from night to night, so grants, row-level security and the views that BI built on them survive, and a
reader is never blocked by a night without a change of columns.
"""

from __future__ import annotations

import logging
from datetime import date

import psycopg
from psycopg import sql
from psycopg.types.json import Jsonb

from quanyu import warehouse
from quanyu.errors import Rejected, Retryable
from quanyu.publish import grants, restatement
from quanyu.publish.difference import drop, show
from quanyu.warehouse import Connection

_SHOWN = {"marts": "marts_build", "segments": "segments_build"}

# Only a night that changes columns needs a lock; waiting longer would make every new reader queue behind us.
_PATIENCE = "60s"

logger = logging.getLogger(__name__)


def publish(dsn: str, business_date: date) -> dict[str, int]:
    """Make `marts` and `segments` equal to what was built for the date; return rows deleted and inserted per table.

    Raises Rejected, and leaves readers the last good night, when the newest build is another date's, a gate did not
    hold, a view of BI's needs a column that is gone, or a role can read what it must not or cannot read what it should.
    """
    try:
        with warehouse.connect(dsn) as connection:
            changed = _publish(connection, business_date)
    except psycopg.errors.LockNotAvailable:
        raise Retryable(
            f"cannot publish {business_date}: columns changed, and a table was in use for {_PATIENCE}.",
            remedy="publish again when the long-running query of a reader has ended.",
        ) from None
    logger.info("published %s: %d rows changed in %d tables", business_date, sum(changed.values()), len(changed))
    return changed


def _publish(connection: Connection, business_date: date) -> dict[str, int]:
    connection.execute("select pg_advisory_xact_lock(hashtext('quanyu.publish'))")
    connection.execute("select set_config('lock_timeout', %s, true)", [_PATIENCE])
    built = _built(connection, business_date)
    _require_gates(connection, business_date)
    restated = restatement.restate(connection, business_date)
    changed = {}
    for shown, build in _SHOWN.items():
        for table in sorted(_relations(connection, build, "rpv") & built):
            changed[f"{shown}.{table}"] = show(connection, sql.Identifier(build, table), sql.Identifier(shown, table))
        for table in sorted(_relations(connection, shown, "rp") - built):
            drop(connection, sql.Identifier(shown, table))
    logger.info("%s: %d published figures were restated", business_date, restated)
    grants.renew(connection)
    grants.require(connection)
    connection.execute(
        """insert into ops.publication (business_date, rows_changed) values (%s, %s)
        on conflict (business_date) do update set
            rows_changed = excluded.rows_changed, published_at = clock_timestamp()""",
        [business_date, Jsonb(changed)],
    )
    return changed


def _built(connection: Connection, business_date: date) -> set[str]:
    """The models that dbt built for the date: a model whose file was removed leaves its old table behind."""
    newest = connection.execute(
        "select business_date from ops.dbt_result where layer = any(%s) order by run_at desc limit 1", [list(_SHOWN)]
    ).fetchone()
    if newest is None or newest[0] != business_date:
        built = f"hold {newest[0]}" if newest else "were never built"
        raise Rejected(
            f"cannot publish {business_date}: marts and segments {built}.", remedy="run its transform first."
        )
    nodes = connection.execute(
        """select node from ops.dbt_result
        where business_date = %s and layer = any(%s) and resource_type = 'model' and status = 'success'""",
        [business_date, list(_SHOWN)],
    )
    return {node.rpartition(".")[2] for (node,) in nodes}


def _require_gates(connection: Connection, business_date: date) -> None:
    """Both gates must have looked at this build, and held."""
    held = connection.execute(
        """select g.gate from ops.gate_result as g
        where g.business_date = %(date)s and g.checked_at >= (
            select coalesce(max(d.run_at), '-infinity') from ops.dbt_result as d
            where d.business_date = g.business_date
                and (d.layer = g.gate or (g.gate = 'segments' and d.layer = 'marts')))
        group by g.gate having bool_and(g.is_met or g.severity = 'warn')""",
        {"date": business_date},
    )
    if missing := {"identity", "segments"} - {gate for (gate,) in held}:
        raise Rejected(
            f"cannot publish {business_date}: gate {' and '.join(sorted(missing))} did not hold.",
            remedy="readers keep the last good night. See ops.gate_result, mend the cause, run the transform again.",
        )


def _relations(connection: Connection, schema: str, kinds: str) -> set[str]:
    found = connection.execute(
        "select relname from pg_class where relnamespace = to_regnamespace(%s) and relkind = any(%s)",
        [schema, list(kinds)],
    )
    return {name for (name,) in found}
