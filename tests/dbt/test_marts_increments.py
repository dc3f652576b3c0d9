"""Nights that look at what changed leave what one rebuild leaves, row for row: ten of them in thirty days.

The sandbox world is landed once and its raw rows are dealt over the nights: late, out of order, with versions that are
older than what is known, versions that say nothing new, and records that are deleted.
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from graphlib import TopologicalSorter
from typing import Any

import psycopg
import pytest
from psycopg import sql

from quanyu import dbt, dbt_command, discovery, gates, identity_state, landing, marts_state, warehouse
from quanyu.dbt_command import DBT_PROJECT
from quanyu.local.postgres import EmbeddedPostgres
from quanyu.settings import settings
from tests.dbt.evidence_kit import DATABASE, VAULT, new_load, rename_database, warehouse_of_its_own
from tests.sandbox import running_sandbox

SEED = 29
LAST = date(2026, 11, 20)
BETWEEN = 3
NIGHTS = [LAST - timedelta(days=BETWEEN * number) for number in reversed(range(10))]
COMPARED = (NIGHTS[4], NIGHTS[9])
CHANGING = re.compile(r"status|state|pay|amount|fee|price|title|city|score|quantity|num$", re.IGNORECASE)

Tables = dict[str, list[str]]


@dataclass
class Nights:
    """What the marts held on the nights that are compared, as the deltas left them and as a rebuild makes them."""

    kept: dict[date, Tables] = field(default_factory=dict)
    rebuilt: dict[date, Tables] = field(default_factory=dict)
    deltas: int = 0
    changed: dict[str, int] = field(default_factory=dict)


def _land_everything(dsn: str) -> None:
    with running_sandbox(people=60, seed=SEED, business_date=LAST) as sandbox:
        for source in discovery.sources().values():
            for entity in source.entities:
                where = sandbox.connection(source.name)
                landing.land(source, entity, where, LAST, dsn=dsn, vault=VAULT, history_days=29)
    gates.check(dsn, "raw", LAST, landing.pens(dsn, LAST))
    for name in discovery.sources():
        landing.admit(dsn, LAST, name)


def _unsaid(value: Any) -> Any:
    """What a platform says of what it does not know yet: nothing, but of a number 0, since marts want an amount."""
    return type(value)(0) if re.fullmatch(r"\d+(\.\d+)?", str(value)) else None


def _versions(rng: random.Random, row: tuple[Any, ...]) -> Iterator[tuple[str, str, bool, int]]:
    """Version, payload, whether it is a deletion, and the night on which it lands."""
    _, _, version, _, payload = row
    day = version[:10]
    count = len(NIGHTS)
    home = rng.randrange(count)
    if re.fullmatch(r"\d{4}-\d\d-\d\d", day) and day != LAST.isoformat():
        home = min(max(-((NIGHTS[0] - date.fromisoformat(day)).days // BETWEEN), 0), count - 1)
    late = min(count - 1, home + int(rng.expovariate(0.7)))
    yield version, payload, False, late
    record = json.loads(payload)
    names = [name for name, value in record.items() if CHANGING.search(name) and not isinstance(value, dict | list)]
    if names and rng.random() < 0.3:
        name = rng.choice(names)
        yield f"0{version}", json.dumps(record | {name: _unsaid(record[name])}), False, rng.randrange(count)
    if rng.random() < 0.15:
        yield f"{version}~", payload, False, rng.randrange(late, count)
    if rng.random() < 0.03:
        yield f"{version}~~", payload, True, rng.randrange(late, count)


def _deal(dsn: str, rng: random.Random) -> None:
    """Take the landed rows back and deal them out, one load a night."""
    columns = (
        "account", "record_key", "version", "business_date", "payload", "is_deleted", "landed_on", "load_id",
        "extracted_at",
    )  # fmt: skip
    with warehouse.connect(dsn) as connection:
        loads = [new_load(connection, night) for night in NIGHTS]
        for (table,) in connection.execute(
            "select tablename from pg_tables where schemaname = 'raw' order by 1"
        ).fetchall():
            name = sql.Identifier("raw", table)
            read = sql.SQL("select account, record_key, version, business_date, payload::text from {} order by 1, 2, 3")
            rows = connection.execute(read.format(name)).fetchall()
            dealt = [
                (*row[:2], version, row[3], payload, gone, NIGHTS[night], loads[night], NIGHTS[night])
                for row in rows
                for version, payload, gone, night in _versions(rng, row)
            ]
            connection.execute(sql.SQL("truncate {}").format(name))
            warehouse.copy_rows(connection, name, columns, dealt)


def _dbt(dsn: str, night: date, *command: str, is_delta: bool = False) -> None:
    variables = {"business_date": night.isoformat()}
    outcome = dbt_command.invoke(command, dsn, settings().home / "dbt" / "nights", variables, is_delta=is_delta)
    assert outcome.success, [(result.node, result.message) for result in dbt.failed(outcome)]


def _staging_as_views(dsn: str, night: date) -> None:
    """Let staging be read through views of the same SQL, whose business date stands in a table.

    A night would make two hundred tables that nobody looks at.
    """
    _dbt(dsn, night, "run", "--select", "path:models/staging")
    manifest = json.loads((settings().home / "dbt" / "nights" / "manifest.json").read_text(encoding="utf-8"))
    staging = {
        key: node for key, node in manifest["nodes"].items()
        if node["resource_type"] == "model" and node["path"].startswith("staging/")
    }  # fmt: skip
    order = TopologicalSorter({key: set(node["depends_on"]["nodes"]) & staging.keys() for key, node in staging.items()})
    models = [staging[key] for key in order.static_order()]
    today = f"cast('{night}' as date)"
    with warehouse.connect(dsn) as connection:
        connection.execute("create table public.tonight as select null::date as night")
        for model in models:
            connection.execute(sql.SQL("drop table {} cascade").format(sql.Identifier(model["schema"], model["name"])))
        for model in models:
            name = sql.Identifier(model["schema"], model["name"])
            query = model["compiled_code"].replace(today, "(select night from public.tonight)")
            connection.execute(sql.SQL("create view {} as ").format(name) + sql.SQL(query))


def _build(dsn: str, night: date) -> bool:
    """Build the models of a night, tests left out; whether it went on from the night before."""
    with warehouse.connect(dsn) as connection:
        connection.execute("update public.tonight set night = %s", [night])
    marts_state.remember_staged(dsn, night)
    identity_state.block_phones(dsn, DBT_PROJECT / "seeds" / "identity_blocked_values.csv")
    with (
        identity_state.continued(dsn, DBT_PROJECT) as identity_is_delta,
        marts_state.continued(dsn, DBT_PROJECT, night) as marts_are_delta,
    ):
        is_delta = identity_is_delta and marts_are_delta
        models = ("path:models/identity", "path:models/marts")
        _dbt(dsn, night, "run", "--no-write-json", "--select", *models, is_delta=is_delta)
    return is_delta


def _tables(dsn: str) -> Tables:
    """Every mart and what marts are made of, row for row, but for what says how a night came about."""
    with warehouse.connect(dsn) as connection:
        found = connection.execute(
            """select table_schema, table_name, string_agg(
                case data_type when 'numeric' then format('trim_scale(%I)', column_name)
                else quote_ident(column_name) end, ', ' order by ordinal_position)
            from information_schema.columns natural join information_schema.tables
            where table_schema in ('marts_build', 'marts_work') and table_type = 'BASE TABLE'
            and table_name !~ '^int_changed__|__(added|removed)$' group by 1, 2 order by 2"""
        ).fetchall()
        return {
            table: [
                row
                for (row,) in connection.execute(f'select row({columns})::text from "{schema}"."{table}" order by 1')
            ]
            for schema, table, columns in found
        }


@pytest.fixture(scope="module")
def nights(postgres: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nights]:
    home = tmp_path_factory.mktemp("marts_increments")
    seen = Nights()
    with warehouse_of_its_own(postgres, home) as house:
        _land_everything(house.dsn)
        _deal(house.dsn, random.Random(SEED))
        _dbt(house.dsn, NIGHTS[0], "seed")
        _staging_as_views(house.dsn, NIGHTS[0])
        for night in NIGHTS:
            seen.deltas += _build(house.dsn, night)
            for name in ("records", "accounts", "orders", "touchpoints", "customers"):
                count = house.rows(f"select count(*) from marts_work.int_changed__{name}")[0][0]
                seen.changed[name] = seen.changed.get(name, 0) + (count > 0)
            if night in COMPARED:
                seen.kept[night] = _tables(house.dsn)
                seen.rebuilt[night] = _rebuilt(postgres, house.dsn, night)
        yield seen


def _rebuilt(postgres: EmbeddedPostgres, dsn: str, night: date) -> Tables:
    """What a build anew makes of the same raw rows, in a copy of the warehouse, under whose name it is built."""
    rename_database(postgres, DATABASE, "marts_kept")
    try:
        with psycopg.connect(postgres.url("postgres"), autocommit=True) as connection:
            connection.execute(f"create database {DATABASE} template marts_kept")
        with warehouse.connect(dsn) as connection:
            connection.execute("delete from ops.marts_build")
            connection.execute("delete from ops.identity_build")
        assert not _build(dsn, night)
        return _tables(dsn)
    finally:
        with psycopg.connect(postgres.url("postgres"), autocommit=True) as connection:
            connection.execute(f"drop database if exists {DATABASE} with (force)")
        rename_database(postgres, "marts_kept", DATABASE)


def test_every_night_but_the_first_goes_on_from_the_one_before(nights: Nights) -> None:
    assert nights.deltas == len(NIGHTS) - 1


def test_every_kind_of_change_came_up_in_most_nights(nights: Nights) -> None:
    assert {name: count for name, count in nights.changed.items() if count < len(NIGHTS) // 2} == {}


@pytest.mark.parametrize("night", COMPARED, ids=lambda night: f"{night}-seed{SEED}")
def test_nights_leave_what_a_rebuild_leaves_row_for_row(nights: Nights, night: date) -> None:
    kept, rebuilt = nights.kept[night], nights.rebuilt[night]
    assert kept.keys() == rebuilt.keys()
    different = {
        table: {
            "nights": sorted(set(kept[table]) - set(rebuilt[table]))[:5],
            "rebuild": sorted(set(rebuilt[table]) - set(kept[table]))[:5],
        }
        for table in kept
        if kept[table] != rebuilt[table]
    }
    assert not different, json.dumps(different, indent=1, ensure_ascii=False)
    assert sum(map(len, rebuilt.values())) > 1000
