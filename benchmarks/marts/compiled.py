"""The same SQL as plain tables in Postgres and in DuckDB: what dbt compiles for a rebuild, statement by statement."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from graphlib import TopologicalSorter
from pathlib import Path

import duckdb
from adbc_driver_postgresql import dbapi
from pyarrow.parquet import ParquetWriter

from benchmarks.marts.house import House
from quanyu import warehouse

# Words of Postgres that DuckDB spells otherwise; the rest of what dbt compiles it reads as it is.
_SPELLING = (
    (
        re.compile(r"left\(encode\(sha256\(convert_to\((.*?), 'UTF8'\)\), 'hex'\), 32\)", re.DOTALL),
        r"left(sha256(\1), 32)",
    ),
    (re.compile(r"hashtextextended\((.*?), 0\)", re.DOTALL), r"cast(hash(\1) >> 1 as bigint)"),
    # Days between two dates are bigint there, and no date takes one.
    (re.compile(r"(last_order_on \+ )(paced\.typical_interval_days)"), r"\1cast(\2 as integer)"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Statement:
    """A model: where it stands, what it selects, and whether it is a view."""

    schema: str
    name: str
    query: str
    is_view: bool

    @property
    def create(self) -> str:
        """The statement that makes it."""
        kind = "view" if self.is_view else "table"
        return f'create {kind} "quanyu"."{self.schema}"."{self.name}" as {self.query}'


def statements(house: House, night: date) -> list[Statement]:
    """Every model of the marts that one statement makes, as a rebuild has it, each after those that it reads.

    What takes more than one statement (removal effects) is taken over from our own build.
    """
    house.dbt(night, "compile", "--select", "path:models/marts")
    nodes = json.loads((house.folder / "manifest.json").read_text(encoding="utf-8"))["nodes"]
    marts = {
        key: node for key, node in nodes.items()
        if node["resource_type"] == "model"
        and node["path"].startswith("marts/")
        and node["config"]["materialized"] in {"view", "table", "kept", "tally"}
    }  # fmt: skip
    order = TopologicalSorter({key: set(node["depends_on"]["nodes"]) & marts.keys() for key, node in marts.items()})
    return [
        Statement(node["schema"], node["name"], node["compiled_code"], node["config"]["materialized"] == "view")
        for node in map(marts.__getitem__, order.static_order())
    ]


def plain(house: House, models: Sequence[Statement]) -> dict[str, float]:
    """Seconds of each model as a plain table in schemas of its own, which are dropped afterwards."""
    made = "|".join(model.name for model in models)
    moved = re.compile(rf'"quanyu"\."marts_(build|work)"\.(?="(?:{made})")')
    spent = {}
    with warehouse.connect(house.server.url, autocommit=True) as connection:
        for schema in ("plain_build", "plain_work"):
            connection.execute(f"create schema {schema}")
        for model in models:
            statement = moved.sub(r'"plain_\1".', model.create)
            began = time.perf_counter()
            connection.execute(statement)
            if not model.is_view:
                connection.execute(f"analyze {model.schema.replace('marts', 'plain')}.{model.name}")
            spent[model.name] = time.perf_counter() - began
        for schema in ("plain_build", "plain_work"):
            connection.execute(f"drop schema {schema} cascade")
    return spent


def on_duckdb(house: House, models: Sequence[Statement]) -> tuple[dict[str, float], dict[str, str]]:
    """Seconds of each model in DuckDB on Parquet, and why others do not run there."""
    with duckdb.connect(str(house.folder / "quanyu.duckdb")) as engine:
        engine.execute("set timezone = 'Asia/Shanghai'; set threads = 2; set memory_limit = '8GB'")
        for schema in ("marts_build", "marts_work"):
            engine.execute(f"create schema {schema}")
        for schema, table, path in _exported(house, models):
            engine.execute(f"create schema if not exists {schema}")
            engine.execute(f"create view {schema}.{table} as select * from read_parquet('{path}')")
        spent, refused = {}, {}
        for model in models:
            statement = model.create
            for pattern, spelling in _SPELLING:
                statement = pattern.sub(spelling, statement)
            began = time.perf_counter()
            try:
                engine.execute(statement)
            except duckdb.Error as error:
                refused[model.name] = str(error).split("\n", 1)[0]
            else:
                spent[model.name] = time.perf_counter() - began
    return spent, refused


def _exported(house: House, models: Sequence[Statement]) -> Iterator[tuple[str, str, Path]]:
    """Schema, table and Parquet file of everything that the models read and none of them makes."""
    text = "\n".join(model.query for model in models)
    read = set(re.findall(r'"quanyu"\."(\w+)"\."(\w+)"', text))
    made = {(model.schema, model.name) for model in models}
    with dbapi.connect(house.server.url) as connection, connection.cursor() as cursor:
        for schema, table in sorted(read - made):
            path = house.folder / f"{schema}.{table}.parquet"
            cursor.execute(
                """select string_agg(
                    case data_type
                        when 'numeric' then format('cast(%I as float8) as %1$I', column_name)
                        when 'json' then format('cast(%I as text) as %1$I', column_name)
                        else quote_ident(column_name)
                    end, ', ')
                from information_schema.columns where table_schema = $1 and table_name = $2""",
                [schema, table],
            )
            columns = cursor.fetchone()[0]
            cursor.execute(f'select {columns} from "{schema}"."{table}"')
            with cursor.fetch_record_batch() as batches, ParquetWriter(path, batches.schema) as writer:
                for batch in batches:
                    writer.write_batch(batch)
            yield schema, table, path
