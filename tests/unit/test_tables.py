"""Reading SQL tables, against a real server: MariaDB, or Postgres where MariaDB is not installed."""

from __future__ import annotations

import itertools
import tracemalloc
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects import mssql, mysql

from quanyu.contracts import Connection, Record, Window
from quanyu.errors import ConfigurationError, NeedsPerson, Retryable, SchemaDrift
from quanyu.local.processes import free_port
from quanyu.tables import Database, Table, connect
from tests.sandbox.sql_server import SqlServer

DAY = date(2026, 11, 20)
TODAY = Window.of_days(DAY, DAY)
PASSWORD = "only-for-reading"

_numbers = itertools.count(1)


@dataclass
class Shop:
    """A database of one's own, and whoever reads it."""

    server: SqlServer
    where: Connection
    name: str
    waits: list[float] = field(default_factory=list)

    @property
    def admin(self) -> sa.Engine:
        return self.server.engine(self.name)

    def table(self, name: str, columns: list[sa.Column[Any]], rows: list[Record], charset: str = "utf8mb4") -> None:
        table = sa.Table(name, sa.MetaData(), *columns, mysql_charset=charset)
        with self.admin.connect() as connection:
            table.create(connection)
            if rows:
                connection.execute(table.insert(), rows)

    def run(self, statement: str) -> Any:
        with self.admin.connect() as connection:
            result = connection.exec_driver_sql(statement)
            return result.fetchall() if result.returns_rows else None

    def changed(self, table: Table, window: Window = TODAY) -> list[Record]:
        with connect(self.where, sleep=self.waits.append) as database:
            return [row for rows in database.changed_rows(table, window) for row in rows]

    def whole(self, table: Table, where: Connection | None = None) -> list[Record]:
        with connect(where or self.where, sleep=self.waits.append) as database:
            return [row for rows in database.whole(table) for row in rows]


@pytest.fixture
def shop(sql_server: SqlServer) -> Iterator[Shop]:
    name = f"tables_{next(_numbers)}"
    sql_server.create(name, "utf8mb4", "tables_reader", PASSWORD)
    where = Connection(
        name="shop",
        url=f"{sql_server.scheme}://127.0.0.1:{sql_server.port}/{name}",
        login="tables_reader",
        password=PASSWORD,
    )
    yield Shop(sql_server, where, name)
    sql_server.drop(name)


def at(hour: int, minute: int = 0) -> datetime:
    return datetime.combine(DAY, time(hour, minute))


def sales(shop: Shop, rows: list[tuple[int, datetime | None]], name: str = "sale") -> Table:
    columns = [sa.Column("id", sa.BigInteger, primary_key=True, autoincrement=False), sa.Column("at", sa.DateTime)]
    shop.table(name, columns, [{"id": number, "at": moment} for number, moment in rows])
    return Table(name=name, columns=("id", "at"), key=("id",), changed_by="at", page_size=3)


# --- what is read


def test_values_arrive_exact(shop: Shop) -> None:
    exact = {"mysql": mysql.DATETIME(fsp=6)}.get(shop.server.scheme, sa.DateTime())
    columns = [
        sa.Column("id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("money", sa.Numeric(16, 4)),
        sa.Column("text", sa.String(20)),
        sa.Column("day", sa.Date),
        sa.Column("at", exact),
        sa.Column("hash", sa.LargeBinary),
        sa.Column("share", sa.Float(53)),
        sa.Column("secret", sa.String(20)),
    ]
    row = {
        "id": 1604615437261148287,
        "money": Decimal("0.0000"),
        "text": "奶粉 1段",
        "day": DAY,
        "at": datetime.combine(DAY, time(9, 0, 0, 120000)),
        "hash": b"\x00\xff",
        "share": 0.5,
        "secret": "not asked for",
    }
    shop.table("thing", columns, [row, {**row, "id": -1, "money": None, "text": None, "at": None}])
    read = shop.whole(Table(name="thing", columns=("id", "money", "text", "day", "at", "hash", "share"), key=("id",)))
    assert read[1] == {
        "id": 1604615437261148287,
        "money": "0.0000",
        "text": "奶粉 1段",
        "day": "2026-11-20",
        "at": "2026-11-20 09:00:00.120000",
        "hash": "00ff",
        "share": 0.5,
    }
    assert (read[0]["money"], read[0]["text"], read[0]["at"]) == (None, None, None)


@pytest.mark.parametrize("charset", ["gbk", "utf8mb4"])
def test_chinese_reads_the_same_from_a_table_in_either_charset(shop: Shop, charset: str) -> None:
    """The old tills' cp936 and today's; the server translates for the connection."""
    columns = [sa.Column("card", sa.String(20), primary_key=True), sa.Column("name", sa.String(20))]
    shop.table("member", columns, [{"card": "卡1", "name": "张婉清"}, {"card": "卡2", "name": "欧阳若曦"}], charset)
    table = Table(name="member", columns=("name",), key=("card",), page_size=1)
    assert [row["name"] for row in shop.whole(table)] == ["张婉清", "欧阳若曦"]
    if shop.server.scheme == "mysql":
        through_gbk = replace(shop.where, url=f"{shop.where.url}?charset=gbk")
        assert [row["name"] for row in shop.whole(table, through_gbk)] == ["张婉清", "欧阳若曦"]


def test_a_window_holds_its_start_and_not_its_end(shop: Shop) -> None:
    midnight = datetime.combine(DAY, time())
    table = sales(shop, [(1, midnight), (2, at(23, 59)), (3, datetime(2026, 11, 21)), (4, None), (5, at(8))])  # noqa: DTZ001
    assert [row["id"] for row in shop.changed(table)] == [1, 5, 2]


@pytest.mark.parametrize("size", [1, 2, 3, 7, 1000])
def test_pages_neither_repeat_nor_skip_rows_that_changed_at_the_same_time(shop: Shop, size: int) -> None:
    rows = [(number, at(9 + number // 5)) for number in range(20, 0, -1)]
    table = replace(sales(shop, rows), page_size=size)
    assert [row["id"] for row in shop.changed(table)] == list(range(1, 21))
    assert [row["id"] for row in shop.whole(table)] == list(range(1, 21))


def test_a_key_may_have_several_columns(shop: Shop) -> None:
    columns = [sa.Column(name, sa.String(10), primary_key=True) for name in ("store", "receipt", "line")]
    keys = [(s, r, n) for s in ("S1", "S2") for r in ("R1", "R2", "R3") for n in ("1", "2")]
    shop.table("line", columns, [dict(zip(("store", "receipt", "line"), key, strict=True)) for key in keys])
    table = Table(name="line", columns=("store", "receipt", "line"), key=("store", "receipt", "line"), page_size=5)
    assert [tuple(row.values()) for row in shop.whole(table)] == keys


def test_only_the_wanted_rows_are_read(shop: Shop) -> None:
    columns = [sa.Column("id", sa.Integer, primary_key=True), sa.Column("seller", sa.String(10))]
    shop.table("trade", columns, [{"id": n, "seller": "甲" if n % 2 else "乙"} for n in range(1, 10)])
    table = Table(name="trade", columns=("id",), key=("id",), only={"seller": "甲"}, page_size=2)
    assert shop.whole(table) == [{"id": n} for n in (1, 3, 5, 7, 9)]


def test_times_of_another_zone_are_found_by_that_zone(shop: Shop) -> None:
    table = sales(shop, [(1, datetime(2026, 11, 19, 16, 30)), (2, datetime(2026, 11, 20, 16, 30))])  # noqa: DTZ001
    assert [row["id"] for row in shop.changed(replace(table, zone=ZoneInfo("UTC")))] == [1]


def test_moments_are_told_in_the_time_of_china(shop: Shop) -> None:
    """TIMESTAMP columns have a zone inside; a session shows them in its own."""
    columns = [sa.Column("id", sa.Integer, primary_key=True), sa.Column("at", sa.TIMESTAMP(timezone=True))]
    shop.table("moment", columns, [])
    literal = "'2026-11-20 01:00:00'" if shop.server.scheme == "mysql" else "'2026-11-19 17:00:00+00'"
    shop.run(f"insert into moment values (1, {literal})")
    table = Table(name="moment", columns=("at",), key=("id",), changed_by="at")
    assert [row["at"][:19] for row in shop.changed(table)] == ["2026-11-20 01:00:00"]


def test_memory_stays_flat_over_200_000_rows(shop: Shop) -> None:
    columns = [sa.Column("id", sa.Integer, primary_key=True), sa.Column("text", sa.String(200))]
    shop.table("big", columns, [{"id": number, "text": "x" * 200} for number in range(1, 6251)])
    for power in range(5):
        shop.run(f"insert into big select id + {6250 * 2**power}, text from big")
    seen = total = 0
    tracemalloc.start()
    try:
        with connect(shop.where) as database:
            for rows in database.whole(Table(name="big", columns=("id", "text"), key=("id",))):
                seen += len(rows)
                total += sum(len(row["text"]) for row in rows)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert (seen, total) == (200_000, 40_000_000)
    assert peak < 6_000_000


# --- what is survived


def test_a_session_that_is_cut_between_pages_is_opened_again(shop: Shop) -> None:
    table = sales(shop, [(number, at(9)) for number in range(1, 10)])
    with connect(shop.where, sleep=shop.waits.append) as database:
        pages = database.changed_rows(table, TODAY)
        read = [row["id"] for row in next(pages)]
        cut_off(shop)
        read += [row["id"] for rows in pages for row in rows]
    assert read == list(range(1, 10))
    assert len(shop.waits) == 1


def cut_off(shop: Shop) -> None:
    """End the reader's sessions, as an administrator or a restart would."""
    if shop.server.scheme == "mysql":
        for (number,) in shop.run("select id from information_schema.processlist where user = 'tables_reader'"):
            shop.run(f"kill {number}")
    else:
        shop.run("select pg_terminate_backend(pid) from pg_stat_activity where usename = 'tables_reader'")


def test_a_row_that_changes_while_we_read_is_not_lost(shop: Shop) -> None:
    """It moves behind what was read: it comes again as it is now, and nobody else is skipped."""
    table = sales(shop, [(number, at(9, number)) for number in range(1, 8)])
    with connect(shop.where) as database:
        pages = database.changed_rows(table, TODAY)
        read = [row["id"] for row in next(pages)]
        shop.run("update sale set at = '2026-11-20 12:00:00' where id = 1")
        read += [row["id"] for rows in pages for row in rows]
    assert read == [1, 2, 3, 4, 5, 6, 7, 1]


def test_a_server_that_is_down_is_retryable_after_five_attempts(shop: Shop) -> None:
    where = replace(shop.where, url=f"{shop.server.scheme}://127.0.0.1:{free_port()}/{shop.name}")
    with pytest.raises(Retryable) as caught:
        shop.whole(Table(name="sale", columns=("id",), key=("id",)), where)
    assert caught.value.remedy
    assert len(shop.waits) == 4


# --- what a person must do


def test_a_wrong_password_needs_a_person_and_is_shown_nowhere(shop: Shop) -> None:
    with pytest.raises(NeedsPerson) as caught:
        shop.whole(Table(name="sale", columns=("id",), key=("id",)), replace(shop.where, password="mistyped-word"))
    assert "mistyped-word" not in str(caught.value) + repr(caught.value)
    assert caught.value.__cause__ is None
    assert not shop.waits


def test_a_table_that_may_not_be_read_needs_a_person(shop: Shop) -> None:
    shop.run("create table hidden (id integer primary key)")
    if shop.server.scheme == "mysql":
        shop.run(f"revoke select on {shop.name}.* from 'tables_reader'@'%%'")
    else:
        shop.run("revoke select on hidden from tables_reader")
    with pytest.raises(NeedsPerson, match="hidden"):
        shop.whole(Table(name="hidden", columns=("id",), key=("id",)))


def test_a_database_that_is_not_there_is_the_connections_fault(shop: Shop) -> None:
    where = replace(
        shop.where,
        url=shop.where.url.replace(shop.name, "nowhere"),
        login=shop.server.login,
        password=shop.server.password,
    )
    with pytest.raises(ConfigurationError, match="no such database"):
        shop.whole(Table(name="sale", columns=("id",), key=("id",)), where)


def test_a_renamed_column_and_a_missing_table_are_drift_by_name(shop: Shop) -> None:
    table = sales(shop, [(1, at(9))])
    with pytest.raises(SchemaDrift, match="sale lacks the column amount"):
        shop.whole(replace(table, columns=("id", "amount")))
    with pytest.raises(SchemaDrift, match="sales_of_2019 is not there"):
        shop.whole(replace(table, name="sales_of_2019"))
    assert not shop.waits


def test_a_key_that_is_null_is_said_and_not_skipped(shop: Shop) -> None:
    shop.run("create table loose (id integer, name integer)")
    shop.run("insert into loose values (null, 1), (null, 2)")
    with pytest.raises(SchemaDrift, match=r"loose\.id is null"):
        shop.whole(Table(name="loose", columns=("name",), key=("id",), page_size=2))


@pytest.mark.parametrize(
    "wrong",
    [
        {"login": ""},
        {"password": ""},
        {"url": "mysql://127.0.0.1:3306"},
        {"url": "mysql:///shop"},
        {"url": "oracle9://127.0.0.1/shop"},
        {"url": "mysql://127.0.0.1:many/shop"},
    ],
)
def test_a_connection_that_cannot_work_is_named_before_any_call(wrong: dict[str, str]) -> None:
    where = Connection(name="shop", url="mysql://127.0.0.1:3306/shop", login="reader", password="a-secret-word")
    with pytest.raises(ConfigurationError) as caught, connect(replace(where, **wrong)):
        pass
    assert caught.value.remedy
    assert "a-secret-word" not in str(caught.value)


def test_sql_server_would_be_asked_in_its_own_words() -> None:
    """SQL Server is not at hand; what it would be sent is at least its own language."""
    sent: list[str] = []

    class Noted(Database):
        def _once(self, table: Table, select: sa.Select[Any]) -> list[Any]:
            sent.append(str(select.compile(dialect=mssql.dialect())))
            return [{"com_no": 1, "oper_date": at(9)}] * (2 if len(sent) == 1 else 0)

    table = Table(name="dbo.t_rm_saleflow", columns=("com_no",), key=("com_no",), changed_by="oper_date", page_size=2)
    database = Noted(sa.create_engine("sqlite://"), sleep=lambda _: None)
    list(database.changed_rows(table, TODAY))
    assert all(statement.startswith("SELECT TOP") for statement in sent)
    assert "dbo.t_rm_saleflow" in sent[0]
    assert "ORDER BY dbo.t_rm_saleflow.oper_date, dbo.t_rm_saleflow.com_no" in sent[1]
