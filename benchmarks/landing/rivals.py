"""What others would use to bring the same orders into the same Postgres; each begins with its rows in memory."""

from __future__ import annotations

import json
import os
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from quanyu import warehouse

Rows = list[dict[str, object]]
Seconds = dict[str, float]
"""By stage."""

_COLUMNS = ("account", "record_key", "version", "payload", "is_deleted", "landed_on", "load_id", "extracted_at")
# As raw is, so that a rival writes the same columns.
_TABLE = """
    drop table if exists bench.{name};
    create table bench.{name} (
        account text not null, record_key text not null, version text not null, business_date date,
        payload {payload} not null, is_deleted boolean not null, landed_on date not null, load_id bigint not null,
        extracted_at timestamptz not null)"""


def bare_copy(dsn: str, path: Path, has_key: bool) -> Seconds:
    """COPY rows that lie ready in a file of COPY's own text form."""
    name = "copied_with_key" if has_key else "copied"
    _empty(dsn, name, "json")
    with warehouse.connect(dsn, autocommit=True) as connection:
        if has_key:
            connection.execute(f"alter table bench.{name} add primary key (account, record_key, version)")
        began = time.perf_counter()
        with connection.cursor().copy(f"copy bench.{name} from stdin") as copy, path.open("rb") as file:
            while block := file.read(2**20):
                copy.write(block)
        return {"load": time.perf_counter() - began}


def export(dsn: str, table: str, path: Path) -> None:
    """Write a table into a file as COPY takes it."""
    statement = f"copy {table} to stdout"
    with warehouse.connect(dsn) as connection, connection.cursor().copy(statement) as copy, path.open("wb") as file:
        for block in copy:
            file.write(block)


def dlt_dicts(dsn: str, rows: Rows) -> Seconds:
    """dlt from a list of dicts, nested lines kept as JSON."""
    return _dlt(dsn, "dlt_dicts", rows)


def dlt_arrow(dsn: str, rows: Rows) -> Seconds:
    """dlt from an Arrow table of raw's columns that is ready."""
    import pyarrow

    return _dlt(dsn, "dlt_arrow", pyarrow.Table.from_pylist([dict(zip(_COLUMNS, r, strict=True)) for r in _raw(rows)]))


def _dlt(dsn: str, name: str, data: Any) -> Seconds:
    with tempfile.TemporaryDirectory() as folder:
        os.environ |= {"DLT_DATA_DIR": folder, "RUNTIME__DLTHUB_TELEMETRY": "false", "RUNTIME__LOG_LEVEL": "CRITICAL"}
        import dlt

        pipeline = dlt.pipeline(
            name, destination=dlt.destinations.postgres(dsn), dataset_name=name, pipelines_dir=folder
        )
        began = time.perf_counter()
        pipeline.run(dlt.resource(data, name="orders", max_table_nesting=0, write_disposition="append"))
        return {"load": time.perf_counter() - began}


def airflow_insert_rows(dsn: str, rows: Rows) -> Seconds:
    """Airflow's PostgresHook.insert_rows in transactions of 5,000 rows."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ |= {
            "AIRFLOW_HOME": folder,
            "AIRFLOW_CONN_BENCH": dsn,
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            "AIRFLOW__LOGGING__LOGGING_LEVEL": "ERROR",
        }
        from airflow.providers.postgres.hooks.postgres import PostgresHook

        hook: Any = PostgresHook("bench")
        _empty(dsn, "inserted")
        began = time.perf_counter()
        hook.insert_rows("bench.inserted", _raw(rows), list(_COLUMNS), commit_every=5_000)
        return {"load": time.perf_counter() - began}


def pandas_to_sql(dsn: str, rows: Rows) -> Seconds:
    """pandas.DataFrame.to_sql, its default way."""
    import pandas
    import sqlalchemy

    engine = sqlalchemy.create_engine(sqlalchemy.make_url(dsn).set(drivername="postgresql+psycopg"))
    _empty(dsn, "framed")
    began = time.perf_counter()
    frame = pandas.DataFrame(_raw(rows), columns=list(_COLUMNS))
    frame.to_sql("framed", engine, schema="bench", if_exists="append", index=False)
    return {"load": time.perf_counter() - began}


def _raw(rows: Rows) -> list[tuple[object, ...]]:
    """The rows as raw's columns hold them (orders have no business date); a user's own work, so it is counted."""
    now = datetime(2026, 11, 21, tzinfo=UTC)
    return [
        ("shop-1", str(r["tid"]), r["modified"], json.dumps(r, ensure_ascii=False), False, now.date(), 1, now)
        for r in rows
    ]


def _empty(dsn: str, name: str, payload: str = "text") -> None:
    """A table with raw's columns. The payload as text, which SQLAlchemy can bind, spares them the check of the JSON."""
    with warehouse.connect(dsn) as connection:
        connection.execute("create schema if not exists bench")
        connection.execute(_TABLE.format(name=name, payload=payload))


SLOW: dict[str, tuple[Callable[[str, Rows], Seconds], str]] = {
    "dlt, from dicts": (dlt_dicts, "dlt_dicts.orders"),
    "dlt, from Arrow": (dlt_arrow, "dlt_arrow.orders"),
    "Airflow insert_rows": (airflow_insert_rows, "bench.inserted"),
    "pandas to_sql": (pandas_to_sql, "bench.framed"),
}
"""Each with the table it fills."""
