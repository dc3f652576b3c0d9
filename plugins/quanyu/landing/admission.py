"""Pen -> raw: what the gate let through becomes a version in raw; what it refused stays in the pen to look at."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from psycopg import sql
from psycopg.rows import class_row

from quanyu import warehouse
from quanyu.contracts import SHANGHAI, Mode
from quanyu.landing import tables
from quanyu.warehouse import Connection

# A gate counts when it looked at the pen after this load had filled it.
_WAITING = """
    select
        l.load_id, l.source || '__' || l.entity as "table", l.account, l.mode, l.rows_landed,
        l.window_start, l.window_end, count(g.gate) as checks,
        coalesce(array_agg(distinct g.reason) filter (where not g.is_met and g.severity = 'fail'), '{}') as refusals
    from ops.entity_load as l
    left join ops.gate_result as g
        on g.business_date = l.business_date and g.gate = 'raw' and g.checked_at >= l.finished_at
        and g.relation = 'landing.' || l.source || '__' || l.entity
    where l.business_date = %s and l.source = %s and l.status = 'landed'
    group by l.load_id order by l.load_id"""

# A version is new when it differs from the newest one up to it: reading the same again changes nothing.
_MERGE = """
    insert into {raw}
        (account, record_key, version, business_date, payload, is_deleted, landed_on, load_id, extracted_at)
    select
        p.account, p.record_key, p.version, p.business_date, p.payload, false, p.landed_on, p.load_id, p.extracted_at
    from {pen} as p
    left join lateral (
        select k.payload, k.business_date, k.is_deleted from {raw} as k
        where k.account = p.account and k.record_key = p.record_key and k.version <= p.version
        order by k.version desc limit 1
    ) as known on true
    where
        known.is_deleted is distinct from false
        or known.business_date is distinct from p.business_date
        or known.payload::text is distinct from p.payload::text
    on conflict (account, record_key, version) do update set
        business_date = excluded.business_date, payload = excluded.payload, is_deleted = false,
        landed_on = excluded.landed_on, load_id = excluded.load_id, extracted_at = excluded.extracted_at"""

# The first load of an account has nothing to be compared with.
_FIRST = """
    insert into {raw}
        (account, record_key, version, business_date, payload, is_deleted, landed_on, load_id, extracted_at)
    select
        p.account, p.record_key, p.version, p.business_date, p.payload, false, p.landed_on, p.load_id, p.extracted_at
    from {pen} as p"""
_KNOWN = "select exists (select from {raw} where account = %s)"

# Keys are chosen by any version in the days, then judged by their newest: a row that moved to another day is not gone.
_BURY = """
    insert into {raw}
        (account, record_key, version, business_date, payload, is_deleted, landed_on, load_id, extracted_at)
    select
        known.account, known.record_key, %(version)s, known.business_date, known.payload, true,
        %(date)s, %(load)s, clock_timestamp()
    from (
        select distinct on (k.record_key) k.* from {raw} as k
        where k.account = %(account)s and k.version <= %(version)s and {among}
        order by k.record_key, k.version desc
    ) as known
    where
        not known.is_deleted and {still}
        and not exists (select from {pen} as p where p.record_key = known.record_key)
    on conflict (account, record_key, version) do update set
        is_deleted = true, landed_on = excluded.landed_on, load_id = excluded.load_id,
        extracted_at = excluded.extracted_at"""

_DAYS_OF_ANY = """k.record_key in (
    select d.record_key from {raw} as d
    where d.account = %(account)s and d.business_date between %(first)s and %(last)s)"""
_DAYS_OF_NEWEST = "known.business_date between %(first)s and %(last)s"

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Waiting:
    load_id: int
    table: str
    account: str
    mode: str
    rows_landed: int
    window_start: datetime
    window_end: datetime
    checks: int
    refusals: list[str]


def admit(dsn: str, business_date: date, source_name: str) -> None:
    """Merge every pen of the source and date whose gate held into raw, in one transaction.

    A pen whose gate did not hold is marked rejected; one that no gate has looked at keeps waiting. Neither touches
    raw, and neither raises: `seal` says what it means for the night.
    """
    with warehouse.connect(dsn) as connection:
        connection.execute("select pg_advisory_xact_lock(hashtext(%s))", [f"quanyu.admit.{source_name}"])
        with connection.cursor(row_factory=class_row(_Waiting)) as cursor:
            waiting = cursor.execute(_WAITING, [business_date, source_name]).fetchall()
        for load in waiting:
            if load.refusals:
                _reject(connection, load, f"the raw gate did not hold: {'; '.join(load.refusals)}")
            elif not _still_there(connection, load):
                _reject(connection, load, "the pen no longer holds this load")
            elif load.checks:
                _merge(connection, load, business_date)


def _still_there(connection: Connection, load: _Waiting) -> bool:
    """Whether the pen holds what was landed: an emptied pen would look like a platform that lost everybody."""
    count = sql.SQL("select count(*) from {} where load_id = %s").format(tables.pen(load.table))
    return connection.execute(count, [load.load_id]).fetchone() == (load.rows_landed,)


def _merge(connection: Connection, load: _Waiting, business_date: date) -> None:
    names = {"raw": tables.raw(load.table), "pen": tables.pen(load.table)}
    values: dict[str, Any] = {
        "date": business_date,
        "version": business_date.isoformat(),
        "load": load.load_id,
        "account": load.account,
        "first": load.window_start.astimezone(SHANGHAI).date(),
        "last": (load.window_end - timedelta(microseconds=1)).astimezone(SHANGHAI).date(),
    }
    is_known = connection.execute(sql.SQL(_KNOWN).format(**names), [load.account]).fetchone() == (True,)
    new = connection.execute(sql.SQL(_MERGE if is_known else _FIRST).format(**names)).rowcount
    buried = 0
    if load.mode != Mode.INCREMENT:
        among: sql.Composable = sql.SQL("true")
        still = sql.SQL("true")
        if load.mode == Mode.DAILY:
            among, still = sql.SQL(_DAYS_OF_ANY).format(**names), sql.SQL(_DAYS_OF_NEWEST)
        buried = connection.execute(sql.SQL(_BURY).format(**names, among=among, still=still), values).rowcount
    connection.execute(
        "update ops.entity_load set status = 'admitted', rows_new = %s, rows_deleted = %s where load_id = %s",
        [new, buried, load.load_id],
    )
    logger.info("%s %s: %d new versions, %d deleted", load.table, business_date, new, buried)


def _reject(connection: Connection, load: _Waiting, error: str) -> None:
    connection.execute(
        """update ops.entity_load set status = 'rejected', error_class = 'GateFailed', error = %s,
            remedy = 'look at the rows in the pen and at ops.gate_result, mend the cause, run the date again.'
        where load_id = %s""",
        [error, load.load_id],
    )
    logger.warning("%s load %d was refused: %s", load.table, load.load_id, error)
