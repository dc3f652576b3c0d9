"""The night's books: one row per reading, one line per source. Keys and counts, never values."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from quanyu import warehouse
from quanyu.contracts import Entity, Source, Window
from quanyu.errors import QuanyuError
from quanyu.warehouse import Connection

_UNSAID = {
    "reading": "the reading did not finish",
    "landed": "no gate has let it through",
}


@dataclass(frozen=True, slots=True)
class Load:
    """One reading of one entity for one business date."""

    load_id: int
    source: str
    entity: str
    account: str
    business_date: date

    @property
    def table(self) -> str:
        """The name of its pen and of its raw table."""
        return f"{self.source}__{self.entity}"

    @property
    def place(self) -> str:
        """How errors and logs name it."""
        return f"{self.source}.{self.entity} {self.business_date}"


@dataclass(frozen=True, slots=True)
class SourceNight:
    """What came of a source on a business date: complete, stale (something failed) or failed (nothing got through)."""

    business_date: date
    source: str
    status: str
    rows_read: int
    rows_new: int
    error: str


def open_load(
    connection: Connection, source: Source, entity: Entity, *, account: str, business_date: date, window: Window
) -> Load:
    """Enter that a reading has begun; the source's night is open again."""
    row = connection.execute(
        """with night as (
            insert into ops.source_night (business_date, source, status) values (%(date)s, %(source)s, 'running')
            on conflict (business_date, source) do update set status = 'running', sealed_at = null)
        insert into ops.entity_load
            (business_date, source, entity, account, mode, status, window_start, window_end)
        values (%(date)s, %(source)s, %(entity)s, %(account)s, %(mode)s, 'reading', %(start)s, %(end)s)
        returning load_id""",
        {
            "date": business_date,
            "source": source.name,
            "entity": entity.name,
            "account": account,
            "mode": entity.mode.value,
            "start": window.start,
            "end": window.end,
        },
    ).fetchone()
    assert row is not None  # noqa: S101  # an insert returns its row
    return Load(row[0], source.name, entity.name, account, business_date)


def last_covered_before(
    connection: Connection, source: Source, entity: Entity, *, account: str, business_date: date
) -> date | None:
    """The newest earlier day whose rows of this account are in raw; None before the first load.

    By the windows that were read, not by the dates of the loads: a backfill lands under a night it did not read.
    """
    row = connection.execute(
        """select max((window_end at time zone 'Asia/Shanghai' - interval '1 microsecond')::date) from ops.entity_load
        where source = %s and entity = %s and account = %s and status = 'admitted' and business_date < %s""",
        [source.name, entity.name, account, business_date],
    ).fetchone()
    return row[0] if row else None


def landed(connection: Connection, load: Load, rows_read: int, rows_landed: int, new_fields: list[str]) -> None:
    """Enter, in the transaction that fills the pen, that it now holds this load and no other."""
    connection.execute(
        """update ops.entity_load set status = 'failed', error_class = 'Superseded', error = %s
        where source = %s and entity = %s and status = 'landed'""",
        [f"load {load.load_id} took the pen before this one was admitted", load.source, load.entity],
    )
    connection.execute(
        """update ops.entity_load set status = 'landed', rows_read = %s, rows_landed = %s, new_fields = %s,
            finished_at = clock_timestamp()
        where load_id = %s""",
        [rows_read, rows_landed, new_fields[:50], load.load_id],
    )


def quarantine(
    connection: Connection, load: Load, rows_read: int, refused: int, refusals: Iterable[Sequence[str]]
) -> None:
    """Enter the keys of rows that did not fit; of very many, the first ones."""
    with connection.transaction(), connection.cursor() as cursor:
        cursor.executemany(
            "insert into ops.quarantine (load_id, record_key, reason) values (%s, %s, %s)",
            [(load.load_id, key, reason) for key, reason in refusals],
        )
        cursor.execute(
            "update ops.entity_load set rows_read = %s, rows_quarantined = %s where load_id = %s",
            [rows_read, refused, load.load_id],
        )


def fail(connection: Connection, load: Load, error: QuanyuError) -> None:
    """Enter why a reading came to nothing."""
    connection.execute(
        """update ops.entity_load set status = 'failed', error_class = %s, error = %s, remedy = %s,
            finished_at = clock_timestamp()
        where load_id = %s""",
        [type(error).__name__, error.message, error.remedy, load.load_id],
    )


def pens(dsn: str, business_date: date, source_name: str | None = None) -> dict[str, str]:
    """The pens that hold a load of the date and wait for their gate: name -> relation, as `gates.check` takes them."""
    with warehouse.connect(dsn) as connection:
        found = connection.execute(
            """select distinct source || '__' || entity from ops.entity_load
            where business_date = %s and status = 'landed' and source = coalesce(%s, source) order by 1""",
            [business_date, source_name],
        )
        return {f"landing.{table}": f"landing.{table}" for (table,) in found}


def seal(dsn: str, business_date: date, source: Source) -> SourceNight:
    """Write the source's line in the night ledger from its newest loads. A bad source is a line, not an exception."""
    with warehouse.connect(dsn) as connection:
        loads = connection.execute(
            """select distinct on (entity) entity, status, rows_read, rows_new, error from ops.entity_load
            where business_date = %s and source = %s order by entity, load_id desc""",
            [business_date, source.name],
        )
        by_entity = {entity: rest for entity, *rest in loads}
        night = _night(source, business_date, by_entity)
        connection.execute(
            """insert into ops.source_night (business_date, source, status, rows_read, rows_new, error, sealed_at)
            values (%s, %s, %s, %s, %s, %s, clock_timestamp())
            on conflict (business_date, source) do update set status = excluded.status, rows_read = excluded.rows_read,
                rows_new = excluded.rows_new, error = excluded.error, sealed_at = excluded.sealed_at""",
            [night.business_date, night.source, night.status, night.rows_read, night.rows_new, night.error],
        )
    return night


def _night(source: Source, business_date: date, by_entity: dict[str, list[Any]]) -> SourceNight:
    admitted = rows_read = rows_new = 0
    errors = []
    for entity in source.entities:
        status, read, new, error = by_entity.get(entity.name, ("", 0, 0, ""))
        if status == "admitted":
            admitted += 1
            rows_read += read
            rows_new += new
        else:
            errors.append(f"{entity.name}: {error or _UNSAID.get(status, 'was never read')}")
    status = "complete" if not errors else "stale" if admitted else "failed"
    return SourceNight(business_date, source.name, status, rows_read, rows_new, "; ".join(errors))


def last_night(dsn: str) -> date | None:
    """The newest business date in the ledger; None before the first night."""
    with warehouse.connect(dsn) as connection:
        row = connection.execute("select max(business_date) from ops.source_night").fetchone()
        return row[0] if row else None


def sealed(dsn: str, business_date: date, names: Iterable[str]) -> bool:
    """Whether each of the sources has its line for the date."""
    wanted = set(names)
    with warehouse.connect(dsn) as connection:
        found = connection.execute(
            "select source from ops.source_night where business_date = %s and sealed_at is not null", [business_date]
        )
        return wanted <= {source for (source,) in found}
