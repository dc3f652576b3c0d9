"""Pairs of numbers in and out of Postgres, by the fastest ways a Python client has: ADBC out, COPY BINARY in."""

from __future__ import annotations

import numpy as np
import psycopg
from adbc_driver_postgresql import dbapi
from psycopg import sql

from benchmarks.identity.generator import Nodes

_ROWS_PER_CHUNK = 1_000_000
_HEADER = b"PGCOPY\n\xff\r\n\x00" + bytes(8)
_TRAILER = b"\xff\xff"
_ROW = np.dtype([("fields", ">i2"), ("size_a", ">i4"), ("a", ">i8"), ("size_b", ">i4"), ("b", ">i8")])


def copy_in(connection: psycopg.Connection, table: str, a: Nodes, b: Nodes) -> None:
    """Append rows (a, b) to a table of two bigints."""
    with (
        connection.cursor() as cursor,
        cursor.copy(sql.SQL("copy {} from stdin (format binary)").format(sql.Identifier(*table.split(".")))) as copy,
    ):
        copy.write(_HEADER)
        for start in range(0, len(a), _ROWS_PER_CHUNK):
            rows = np.empty(len(a[start : start + _ROWS_PER_CHUNK]), _ROW)
            rows["fields"], rows["size_a"], rows["size_b"] = 2, 8, 8
            rows["a"], rows["b"] = a[start : start + _ROWS_PER_CHUNK], b[start : start + _ROWS_PER_CHUNK]
            copy.write(rows.tobytes())
        copy.write(_TRAILER)


def read_pairs(url: str, query: str) -> tuple[Nodes, Nodes]:
    """The two bigint columns of a query."""
    with dbapi.connect(url) as connection, connection.cursor() as cursor:
        cursor.execute(query)
        table = cursor.fetch_arrow_table()
    return table.column(0).to_numpy(), table.column(1).to_numpy()
