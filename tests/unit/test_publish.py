"""Publishing: readers see one whole night, the last good one, and what they built on it survives."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql

from quanyu import warehouse
from quanyu.errors import Rejected
from quanyu.publish import grants, publish

D = date(2026, 11, 20)
NEXT = D + timedelta(days=1)


class Warehouse:
    """What dbt and the gates leave behind, made by hand."""

    def __init__(self, dsn: str) -> None:
        self.dsn = dsn
        self.run("create schema marts_build; create schema segments_build")

    def run(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        """Run one statement, committed."""
        with psycopg.connect(self.dsn) as connection:
            cursor = connection.execute(statement, list(values) or None)
            return cursor.fetchall() if cursor.description else []

    def build(self, day: date, customers: dict[str, int], *, is_good: bool = True, extra: str = "") -> None:
        """Build dim_customers and fct_orders with one order per customer, and seg_all, as a night of `day`."""
        self.run(
            f"""drop table if exists marts_build.dim_customers, marts_build.fct_orders, segments_build.seg_all;
            create table marts_build.dim_customers (one_id text primary key, fen int not null, night date {extra});
            create table marts_build.fct_orders (one_id text, fen int, night date);
            create table segments_build.seg_all (one_id text primary key)"""
        )
        for one_id, fen in customers.items():
            self.run("insert into marts_build.dim_customers (one_id, fen, night) values (%s, %s, %s)", one_id, fen, day)
            self.run("insert into marts_build.fct_orders values (%s, %s, %s)", one_id, fen, day)
            self.run("insert into segments_build.seg_all values (%s)", one_id)
        self.done(day, "dim_customers", "fct_orders", "seg_all")
        self.gates(day, is_good=is_good)

    def done(self, day: date, *models: str) -> None:
        """What dbt.build enters."""
        self.run("delete from ops.dbt_result where business_date = %s", day)
        for model in models:
            self.run(
                """insert into ops.dbt_result (business_date, layer, node, resource_type, status, seconds)
                values (%s, %s, %s, 'model', 'success', 0.1)""",
                day, "segments" if model.startswith("seg_") else "marts", f"model.quanyu.{model}",
            )  # fmt: skip

    def gates(self, day: date, *, is_good: bool = True) -> None:
        """What gates.check enters."""
        self.run("delete from ops.gate_result where business_date = %s", day)
        for gate in ("identity", "segments"):
            self.run(
                """insert into ops.gate_result (business_date, gate, relation, expectation, severity, is_met, reason)
                values (%s, %s, 'r', 'e', 'fail', %s, 'it holds')""",
                day, gate, is_good,
            )  # fmt: skip

    def customers(self) -> list[tuple[Any, ...]]:
        """What readers see."""
        return self.run("select one_id, fen, night from marts.dim_customers order by 1")


@pytest.fixture
def night(dsn: str) -> Warehouse:
    """A warehouse with empty build schemas."""
    return Warehouse(dsn)


@pytest.fixture
def member(night: Warehouse) -> Iterator[Any]:
    """Make a login that is a member of a role; gone after the test, because roles belong to the server."""
    made = []

    def make(role: str) -> str:
        name = f"{role}_user"
        night.run(f"create role {name} login password 'pw' in role {role}")
        made.append(name)
        parts = psycopg.conninfo.conninfo_to_dict(night.dsn)
        return psycopg.conninfo.make_conninfo(**(parts | {"user": name, "password": "pw"}))

    yield make
    for name in made:
        night.run(f"drop owned by {name}")
        night.run(f"drop role {name}")


def test_the_first_night_appears(night: Warehouse) -> None:
    """Tables are made with their keys, and the books say what changed."""
    night.build(D, {"qa": 100, "qb": 200})
    changed = {"marts.dim_customers": 2, "marts.fct_orders": 2, "segments.seg_all": 2}
    assert publish(night.dsn, D) == changed
    assert night.customers() == [("qa", 100, D), ("qb", 200, D)]
    assert night.run("select business_date, rows_changed from ops.publication") == [(D, changed)]
    with pytest.raises(psycopg.errors.UniqueViolation):
        night.run("insert into marts.dim_customers values ('qa', 1, null)")


def test_only_the_difference_is_written(night: Warehouse) -> None:
    """Rows that stayed are not touched; changed, new and vanished ones are; doubles in a table without key count."""
    night.build(D, {"qa": 100, "qb": 200})
    night.run("insert into marts_build.fct_orders select 'qa', 100, %s from generate_series(1, 3)", D)
    publish(night.dsn, D)
    before = night.run("select ctid::text from marts.dim_customers where one_id = 'qa'")
    night.build(D, {"qa": 100, "qb": 201, "qc": 300})
    night.run("insert into marts_build.fct_orders select 'qa', 100, %s from generate_series(1, 2)", D)
    assert publish(night.dsn, D) == {"marts.dim_customers": 3, "marts.fct_orders": 4, "segments.seg_all": 1}
    assert night.run("select ctid::text from marts.dim_customers where one_id = 'qa'") == before
    assert night.customers() == [("qa", 100, D), ("qb", 201, D), ("qc", 300, D)]
    assert night.run("select count(*) from marts.fct_orders where one_id = 'qa'") == [(3,)]


def test_publishing_again_changes_nothing(night: Warehouse) -> None:
    """A repeated task is harmless; null equals null."""
    night.build(D, {"qa": 100})
    night.run("insert into marts_build.fct_orders values (null, null, null)")
    publish(night.dsn, D)
    assert set(publish(night.dsn, D).values()) == {0}


def test_a_reader_in_a_transaction_never_sees_two_nights(night: Warehouse) -> None:
    """Neither between two queries of a report, nor within one query over several tables, and it blocks nobody."""
    night.build(D, {"qa": 100, "qb": 200})
    publish(night.dsn, D)
    nights = "select night from marts.dim_customers union select night from marts.fct_orders"
    with psycopg.connect(night.dsn) as reader, psycopg.connect(night.dsn, autocommit=True) as other:
        reader.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        assert reader.execute("select distinct night from marts.dim_customers").fetchall() == [(D,)]
        night.build(NEXT, {"qa": 100, "qc": 300})
        assert other.execute(nights).fetchall() == [(D,)]
        publish(night.dsn, NEXT)
        assert reader.execute("select distinct night from marts.fct_orders").fetchall() == [(D,)]
        assert reader.execute("select one_id from marts.dim_customers order by 1").fetchall() == [("qa",), ("qb",)]
        assert other.execute(nights).fetchall() == [(NEXT,)]


def test_a_night_that_breaks_half_way_shows_nothing(night: Warehouse) -> None:
    """The second table fails: the first one is as it was."""
    night.build(D, {"qa": 100})
    publish(night.dsn, D)
    night.build(NEXT, {"qa": 999})
    night.run("create view marts.of_orders as select fen from marts.fct_orders")
    night.run("alter table marts_build.fct_orders drop column fen")
    with pytest.raises(Rejected, match=r"fct_orders.* lost or changed a column that is in use: view marts\.of_orders"):
        publish(night.dsn, NEXT)
    assert night.customers() == [("qa", 100, D)]
    assert night.run("select business_date from ops.publication") == [(D,)]


@pytest.mark.parametrize("gate", ["identity", "segments"])
def test_a_gate_that_did_not_hold_leaves_the_last_good_night(night: Warehouse, gate: str) -> None:
    """Also when it never ran, or ran before this build; a warning is no obstacle."""
    night.build(D, {"qa": 100})
    publish(night.dsn, D)
    night.build(NEXT, {"qa": 999})
    night.run("update ops.gate_result set is_met = false where gate = %s and business_date = %s", gate, NEXT)
    with pytest.raises(Rejected, match=f"gate {gate} did not hold"):
        publish(night.dsn, NEXT)
    night.run("delete from ops.gate_result where gate = %s and business_date = %s", gate, NEXT)
    with pytest.raises(Rejected, match=f"gate {gate} did not hold"):
        publish(night.dsn, NEXT)
    night.gates(NEXT)
    night.done(NEXT, "dim_customers", "fct_orders", "seg_all")
    with pytest.raises(Rejected, match="gate segments did not hold"):
        publish(night.dsn, NEXT)
    assert night.customers() == [("qa", 100, D)]
    night.gates(NEXT)
    night.run("update ops.gate_result set is_met = false, severity = 'warn' where business_date = %s", NEXT)
    publish(night.dsn, NEXT)
    assert night.customers() == [("qa", 999, NEXT)]


def test_the_build_of_another_date_is_not_shown(night: Warehouse) -> None:
    """The build schemas hold one night, and only that one can be published."""
    with pytest.raises(Rejected, match="were never built"):
        publish(night.dsn, D)
    night.build(D, {"qa": 100})
    night.build(NEXT, {"qa": 200})
    with pytest.raises(Rejected, match="hold 2026-11-21"):
        publish(night.dsn, D)


def test_a_model_that_was_removed_disappears(night: Warehouse) -> None:
    """dbt leaves its table in the build schema; a segment that no longer exists must not be sent again."""
    night.build(D, {"qa": 100})
    publish(night.dsn, D)
    night.done(D, "dim_customers", "fct_orders")
    night.gates(D)
    night.run(
        "insert into ops.dbt_result select business_date, 'segments', 'test', 'test', 'pass', 0 from ops.publication"
    )
    night.gates(D)
    publish(night.dsn, D)
    assert night.run("select to_regclass('segments.seg_all')") == [(None,)]
    night.run("create view marts.of_orders as select * from marts.fct_orders")
    night.done(D, "dim_customers")
    night.gates(D)
    with pytest.raises(Rejected, match="built no more and still in use"):
        publish(night.dsn, D)


def test_a_view_and_a_policy_on_a_mart_survive_nights_and_new_columns(night: Warehouse) -> None:
    """The table stays the same object when a column is added, dropped, retyped or becomes required."""
    night.build(D, {"qa": 100}, extra=", old_column text not null default 'x', retyped int")
    publish(night.dsn, D)
    night.run("create schema bi")
    night.run("create view bi.revenue as select one_id, fen from marts.dim_customers")
    night.run("alter table marts.dim_customers enable row level security")
    oid = night.run("select 'marts.dim_customers'::regclass::oid")
    night.build(NEXT, {"qa": 150}, extra=", level text not null default 'gold', retyped text default 'seven'")
    publish(night.dsn, NEXT)
    assert night.run("select 'marts.dim_customers'::regclass::oid") == oid
    assert night.run("select * from bi.revenue") == [("qa", 150)]
    assert night.run("select one_id, fen, night, level, retyped from marts.dim_customers") == [
        ("qa", 150, NEXT, "gold", "seven")
    ]
    assert night.run("select relrowsecurity from pg_class where oid = 'marts.dim_customers'::regclass") == [(True,)]
    for broken in ("values ('qa', 1, null, 'x', 'y')", "values ('qz', 1, null, null, 'y')"):
        with pytest.raises(psycopg.errors.IntegrityError):
            night.run(f"insert into marts.dim_customers (one_id, fen, night, level, retyped) {broken}")


def test_readers_read_and_nothing_else(night: Warehouse, member: Any) -> None:
    """BI sees marts, the sender also segments; neither sees raw, and BI not the vault. Nobody writes."""
    night.build(D, {"qa": 100})
    night.run("create table raw.shop__rows (payload json)")
    publish(night.dsn, D)
    may = {
        "quanyu_bi": {"marts.dim_customers"},
        "quanyu_sender": {"marts.dim_customers", "segments.seg_all", "vault.secret"},
    }
    for role, readable in may.items():
        with psycopg.connect(member(role), autocommit=True) as reader:
            for table in ("marts.dim_customers", "segments.seg_all", "vault.secret", "raw.shop__rows"):
                query = sql.SQL("select count(*) from {}").format(sql.Identifier(*table.split(".")))
                if table in readable:
                    reader.execute(query)
                else:
                    with pytest.raises(psycopg.errors.InsufficientPrivilege):
                        reader.execute(query)
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                reader.execute("delete from marts.dim_customers")


def test_a_table_that_was_made_anew_is_granted_again(night: Warehouse, member: Any) -> None:
    """Somebody dropped it by hand: the next night BI can read it as before."""
    night.build(D, {"qa": 100})
    publish(night.dsn, D)
    night.run("drop table marts.dim_customers")
    publish(night.dsn, D)
    with psycopg.connect(member("quanyu_bi")) as reader:
        assert reader.execute("select one_id from marts.dim_customers").fetchall() == [("qa",)]


@pytest.mark.parametrize(
    ("schema", "table", "who"),
    [
        ("raw", "select on raw.shop__rows", "public"),
        ("vault", "select (token) on vault.secret", "quanyu_bi"),
        ("activation", "select (address) on activation.message", "quanyu_bi"),
    ],
)
def test_a_reader_who_can_read_too_much_stops_the_night(night: Warehouse, schema: str, table: str, who: str) -> None:
    """Whoever granted it, also by a column or to everybody; readers keep the last good night."""
    night.build(D, {"qa": 100})
    publish(night.dsn, D)
    night.run("create table raw.shop__rows (payload json)")
    night.run(f"grant usage on schema {schema} to {who}; grant {table} to {who}")
    night.build(NEXT, {"qa": 200})
    with pytest.raises(Rejected, match=r"quanyu_bi can read (raw\.shop__rows|vault\.secret|activation\.message)"):
        publish(night.dsn, NEXT)
    assert night.customers() == [("qa", 100, D)]
    night.run(f"revoke usage on schema {schema} from {who}")
    publish(night.dsn, NEXT)


def test_a_warehouse_user_who_may_not_create_roles_is_told_and_the_night_goes_on(
    night: Warehouse, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on many managed servers: migrating and publishing work, and the log says what an administrator has to run."""
    roles = (Path(warehouse.__file__).parent / "ddl" / "roles.sql").read_text(encoding="utf-8")
    monkeypatch.setattr(grants, "_READERS", {"elsewhere_bi": ("marts",)})
    parts = psycopg.conninfo.conninfo_to_dict(night.dsn) | {"user": "plain", "password": "pw", "dbname": "plain"}
    dsn = psycopg.conninfo.make_conninfo(**parts)
    with psycopg.connect(night.dsn, autocommit=True) as administrator:
        administrator.execute("create role plain login password 'pw'")
        administrator.execute("create database plain owner plain")
        try:
            with warehouse.connect(dsn) as connection:
                connection.execute(roles.replace("quanyu_", "elsewhere_"))
                warehouse.migrate(connection)
            plain = Warehouse(dsn)
            plain.build(D, {"qa": 100})
            with caplog.at_level(logging.WARNING):
                publish(dsn, D)
            assert "create role elsewhere_bi nologin;" in caplog.text
            assert plain.customers() == [("qa", 100, D)]
        finally:
            administrator.execute("drop database plain with (force)")
            administrator.execute("drop role plain")
