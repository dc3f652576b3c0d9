"""The only module that speaks to Postgres: connections, our own tables, COPY."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import date
from pathlib import Path
from typing import Any, Self

import psycopg
from psycopg import sql
from psycopg.rows import TupleRow

from quanyu.errors import Retryable

_HEADER = b"PGCOPY\n\xff\r\n\x00" + bytes(8)
_END = b"\xff\xff"
_NULL = b"\xff\xff\xff\xff"
# libpq moves what it could not send yet to the front of its buffer, again and again: of megabytes that costs more than
# all the rest of a landing.
_BLOCK = 2**16
_SHORT, _LENGTH = struct.Struct("!h"), struct.Struct("!i")
_EPOCH = date(2000, 1, 1)

_DDL = Path(__file__).parent / "ddl"

Connection = psycopg.Connection[TupleRow]


@contextmanager
def connect(dsn: str, *, autocommit: bool = False) -> Iterator[Connection]:
    """Open the warehouse; commit on success, roll back on an exception.

    Raises Retryable when the server cannot be reached; the message names host and database only.
    """
    with _open(dsn, autocommit=autocommit) as connection:
        yield connection


class Session:
    """Transactions one after another on one connection; a new one when the server ended it in between.

    Opening one takes some 10 ms, and as long again until Postgres knows the tables in it.
    """

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn
        self._connection: Connection | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._connection is not None:
            self._connection.close()

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """Commit on success, roll back on an exception. Raises Retryable when the server cannot be reached."""
        connection = self._begun()
        try:
            yield connection
        except BaseException:
            with suppress(psycopg.OperationalError):
                connection.rollback()
            raise
        connection.commit()

    def _begun(self) -> Connection:
        if self._connection is not None:
            try:
                self._connection.execute("select 1")
            except psycopg.OperationalError:
                self._connection.close()
            else:
                return self._connection
        self._connection = _open(self._dsn, autocommit=False)
        # After some repeats Postgres would plan for any value, and the ledger's indexes are chosen by value.
        self._connection.prepare_threshold = None
        return self._connection


def _open(dsn: str, *, autocommit: bool) -> Connection:
    try:
        return psycopg.connect(dsn, autocommit=autocommit, connect_timeout=10)
    except psycopg.OperationalError as error:
        info = psycopg.conninfo.conninfo_to_dict(dsn)
        raise Retryable(
            f"the warehouse {info.get('host')}:{info.get('port')}/{info.get('dbname')} does not answer"
            f" ({type(error).__name__}).",
            remedy="check QUANYU_WAREHOUSE_URL, or start the local stack with `make up`.",
        ) from None


def migrate(connection: Connection) -> None:
    """Create whatever is missing of our own schemas. Safe to repeat, also by two processes at once."""
    connection.execute("select pg_advisory_xact_lock(hashtext('quanyu.migrate'))")
    for path in sorted(_DDL.glob("*.sql")):
        connection.execute(path.read_text(encoding="utf-8"))


class BinaryRows:
    """Rows of bytes in the form of COPY BINARY (https://www.postgresql.org/docs/current/sql-copy.html), ready to send.

    Each value is already what the column's type receives: UTF-8 for text and json, four bytes of days for a date.
    """

    def __init__(self, width: int) -> None:
        self._width = _SHORT.pack(width)
        self._parts: list[bytes] = []
        self.count = 0

    def add(self, *values: bytes | None) -> None:
        """Add a row; None is null."""
        parts = self._parts
        parts.append(self._width)
        for value in values:
            if value is None:
                parts.append(_NULL)
            else:
                parts.append(_LENGTH.pack(len(value)))
                parts.append(value)
        self.count += 1

    def taken(self) -> bytes:
        """Everything that was added since the last time, as one message to COPY."""
        message = b"".join((_HEADER, *self._parts, _END))
        self._parts.clear()
        self.count = 0
        return message


def copy_binary(connection: Connection, table: sql.Composable, columns: Sequence[str], message: bytes) -> None:
    """COPY rows that `BinaryRows` packed into a table."""
    names = sql.SQL(", ").join(map(sql.Identifier, columns))
    statement = sql.SQL("copy {} ({}) from stdin (format binary)").format(table, names)
    view = memoryview(message)
    with connection.cursor().copy(statement) as copy:
        for start in range(0, len(view), _BLOCK):
            copy.write(view[start : start + _BLOCK])


def date_bytes(day: date | None) -> bytes | None:
    """A date as Postgres receives it: days since 2000-01-01."""
    return None if day is None else _LENGTH.pack((day - _EPOCH).days)


def copy_rows(
    connection: Connection, table: sql.Composable, columns: Sequence[str], rows: Iterable[Sequence[Any]]
) -> int:
    """COPY rows into a table and return how many. Ten times faster than INSERT on 50,000 rows."""
    statement = sql.SQL("copy {} ({}) from stdin").format(table, sql.SQL(", ").join(map(sql.Identifier, columns)))
    count = 0
    with connection.cursor().copy(statement) as copy:
        for row in rows:
            copy.write_row(row)
            count += 1
    return count
