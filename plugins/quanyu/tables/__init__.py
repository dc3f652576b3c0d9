"""Tables of somebody's SQL database: declared columns only, pages by key, errors by what to do about them.

    changed_rows   from <= changed_by < to, in the order (changed_by, key)
    whole          all rows, in the order of the key

Each page is one short SELECT that begins after the last row of the page before (no OFFSET, no cursor that stays open):
memory holds one page, a session that breaks is opened again and the same page is asked for, and a row that changes
while we read moves behind everything read so far. Nothing is ever written.

Drivers: MySQL and MariaDB (pymysql) and PostgreSQL (psycopg) are tested. SQL Server (`mssql://`, needs `pip install
pymssql`) is reached through the same statements and was never tried.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from datetime import time as day_time
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy import exc
from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_random_exponential

from quanyu.contracts import SHANGHAI, Connection, Record, Window
from quanyu.errors import Rejected, Retryable, SchemaDrift
from quanyu.tables.engines import engine_of
from quanyu.tables.faults import error_of

_ATTEMPTS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """What is read of one table or view, `name` or `schema.name`.

    `key` is unique; with `changed_by` (a date, datetime or timestamp column) windows can be read, and a row where that
    is null never is. `zone` is the zone of its times where the column itself has none. `only` names columns and the
    one value that rows must have there.
    """

    name: str
    columns: Sequence[str]
    key: Sequence[str]
    changed_by: str = ""
    only: Mapping[str, str] = field(default_factory=dict)
    zone: ZoneInfo = SHANGHAI
    page_size: int = 1000

    @property
    def clause(self) -> sa.TableClause:
        """The table for SQLAlchemy, with the columns that are needed and no others."""
        schema, _, name = self.name.rpartition(".")
        wanted = dict.fromkeys([*self.columns, *self.key, *self.only, *([self.changed_by] if self.changed_by else [])])
        return sa.table(name, *(sa.column(column) for column in wanted), schema=schema or None)


class Database:
    """One database, read only. A session that breaks or a lock that lasts is tried five times."""

    def __init__(self, engine: sa.Engine, *, sleep: Callable[[float], None]) -> None:
        self._engine = engine
        self._sleep = sleep

    def changed_rows(self, table: Table, window: Window) -> Iterator[list[Record]]:
        """The rows whose `changed_by` lies in the window, oldest first, page after page."""
        start, end = (moment.astimezone(table.zone).replace(tzinfo=None) for moment in (window.start, window.end))
        clause = table.clause
        changed = clause.c[table.changed_by]
        yield from self._pages(table, clause, [table.changed_by, *table.key], [changed >= start, changed < end])

    def whole(self, table: Table) -> Iterator[list[Record]]:
        """Every row, in the order of the key, page after page."""
        yield from self._pages(table, table.clause, table.key, [])

    def _pages(
        self, table: Table, clause: sa.TableClause, order: Sequence[str], inside: list[Any]
    ) -> Iterator[list[Record]]:
        inside = [*inside, *(clause.c[name] == value for name, value in table.only.items())]
        select = sa.select(clause).where(*inside).order_by(*(clause.c[name] for name in order)).limit(table.page_size)
        after: list[Any] = []
        while True:
            rows = self._retrying(table, select.where(*after))
            if rows:
                yield [{name: _plain(row[name]) for name in table.columns} for row in rows]
            if len(rows) < table.page_size:
                return
            after = _after(clause, order, table, rows[-1])

    def _retrying(self, table: Table, select: sa.Select[Any]) -> Sequence[sa.RowMapping]:
        loop = Retrying(
            retry=retry_if_exception_type(Retryable),
            wait=wait_random_exponential(multiplier=0.5, max=30),
            stop=stop_after_attempt(_ATTEMPTS),
            sleep=self._sleep,
            reraise=True,
        )
        rows: Sequence[sa.RowMapping] = loop(self._once, table, select)
        return rows

    def _once(self, table: Table, select: sa.Select[Any]) -> Sequence[sa.RowMapping]:
        try:
            with self._engine.connect() as connection:
                return connection.execute(select).mappings().all()
        except exc.DBAPIError as error:
            raise error_of(self._engine, error.orig, table.name, lambda: self._lack(table)) from None
        except UnicodeDecodeError as error:
            raise Rejected(
                f"{table.name} holds text that is not {error.encoding}.",
                remedy="name the charset in the connection's host: mysql://host:3306/database?charset=gbk.",
            ) from None

    def _lack(self, table: Table) -> str:
        """Say which columns are gone; asked only when the database said that something is."""
        clause = table.clause
        try:
            there = {found["name"] for found in sa.inspect(self._engine).get_columns(clause.name, schema=clause.schema)}
        except exc.SQLAlchemyError:
            return "is not there"
        return f"lacks the column {', '.join(sorted(set(clause.c.keys()) - there)) or 'that was asked for'}"


@contextmanager
def connect(where: Connection, *, sleep: Callable[[float], None] = time.sleep) -> Iterator[Database]:
    """Open `mysql://host:port/database` (or postgresql, mssql); the session itself is made by the first page.

    What follows a `?` in the URL goes to the driver as it is: `charset`, `ssl_ca`.
    """
    engine = engine_of(where)
    try:
        yield Database(engine, sleep=sleep)
    finally:
        engine.dispose()


def _after(clause: sa.TableClause, order: Sequence[str], table: Table, last: sa.RowMapping) -> list[Any]:
    """What comes behind `last`: a >= :a and (a > :a or (b > :b or (b = :b and c > :c)))."""
    if empty := [name for name in order if last[name] is None]:
        raise SchemaDrift(f"{table.name}.{empty[0]} is null.", remedy="declare key columns that are never null.")
    first, *rest = order
    behind: Any = sa.false()
    for name in reversed(rest):
        column = clause.c[name]
        behind = sa.or_(column > last[name], sa.and_(column == last[name], behind))
    # The bound on the first column alone lets an index on it be used.
    column = clause.c[first]
    return [column >= last[first], sa.or_(column > last[first], behind)] if rest else [column > last[first]]


def _plain(value: Any) -> Any:
    """A value as JSON has it, exact: decimals and times as text, bytes in hex."""
    match value:
        case Decimal():
            return format(value, "f")
        case datetime():
            return value.isoformat(sep=" ")
        case date() | day_time():
            return value.isoformat()
        case timedelta():
            return str(value)
        case bytes():
            return value.hex()
    return value
