"""Tables of a company's own database, read by a declaration: on the session's Postgres, and on MariaDB."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import sqlalchemy as sa

from quanyu import landing
from quanyu.contracts import Connection, Record, Window
from quanyu.errors import ConfigurationError, NeedsPerson, SchemaDrift
from tests.sandbox.sql_server import SqlServer
from tests.unit.declared_kit import DAY, PHONE, TODAY, declare, pages, records
from tests.unit.landing_kit import VAULT, rows

_numbers = itertools.count(1)

ENTITY: dict[str, Any] = {
    "files": None,
    "format": None,
    "table": "member",
    "changed_by": "changed_at",
    "mode": "increment",
    "key": ["id"],
    "version": "changed_at",
    "columns": {
        "id": {"type": "integer", "from": "member_no"},
        "phone": {"type": "text?", "from": "mobile", "personal": "phone"},
        "balance": "number?",
        "born_on": "date?",
        "is_vip": "boolean",
        "changed_at": {"type": "time", "from": "updated"},
    },
}
BIG = 1604615437261148287


@dataclass
class Company:
    """A database with a table of members, and the account that may read it."""

    admin: sa.Engine
    where: Connection

    def fill(self, *members: Record) -> None:
        """Make the table, with a column nobody declared."""
        table = sa.Table(
            "member",
            sa.MetaData(),
            sa.Column("member_no", sa.BigInteger, primary_key=True, autoincrement=False),
            sa.Column("mobile", sa.String(20)),
            sa.Column("balance", sa.Numeric(18, 2)),
            sa.Column("born_on", sa.Date),
            sa.Column("is_vip", sa.Boolean, nullable=False),
            sa.Column("updated", sa.DateTime, nullable=False),
            sa.Column("secret", sa.String(20)),
        )
        with self.admin.connect() as connection:
            table.create(connection)
            connection.execute(table.insert(), [MEMBER | member for member in members])

    def run(self, statement: str) -> None:
        """Change something."""
        with self.admin.connect() as connection:
            connection.exec_driver_sql(statement)


MEMBER = {
    "member_no": 1, "mobile": PHONE, "balance": Decimal("0.10"), "born_on": date(1990, 2, 28), "is_vip": True,
    "updated": datetime(2026, 11, 20, 8, 5), "secret": "never asked for",  # noqa: DTZ001
}  # fmt: skip


@pytest.fixture(params=["session's Postgres", "MariaDB"])
def company(request: pytest.FixtureRequest) -> Iterator[Company]:
    if request.param == "MariaDB":
        server: SqlServer = request.getfixturevalue("sql_server")
        name = f"declared_{next(_numbers)}"
        server.create(name, "utf8mb4", "declared_reader", "only-for-reading")
        url = f"{server.scheme}://127.0.0.1:{server.port}/{name}"
        yield Company(
            server.engine(name), Connection(name="crm", url=url, login="declared_reader", password="only-for-reading")
        )
        server.drop(name)
        return
    dsn = urlsplit(request.getfixturevalue("dsn"))
    if not dsn.hostname:
        pytest.fail(f"the session's Postgres is reached otherwise: {dsn.query}")
    url = f"postgresql://{dsn.hostname}:{dsn.port}{dsn.path}"
    admin = sa.create_engine(
        dsn._replace(scheme="postgresql+psycopg").geturl(), isolation_level="AUTOCOMMIT", poolclass=sa.NullPool
    )
    role = f"declared_{next(_numbers)}"
    with admin.connect() as connection:
        connection.exec_driver_sql(f"create role {role} login password 'only-for-reading'")
        connection.exec_driver_sql(f"alter default privileges grant select on tables to {role}")
    yield Company(admin, Connection(name="crm", url=url, login=role, password="only-for-reading"))


def read(tmp_path: Path, company: Company, window: Window = TODAY, **entity: Any) -> list[Record]:
    return records(pages(declare(tmp_path, **(ENTITY | entity)), company.where, window))


def test_values_are_exact_renamed_and_only_those_that_were_declared(tmp_path: Path, company: Company) -> None:
    company.fill(
        {"member_no": BIG, "balance": Decimal("1234567890123456.70")},
        {"balance": None, "mobile": None, "is_vip": False},
    )
    found = read(tmp_path, company, Window.of_days(DAY, DAY))
    assert sorted(found, key=lambda row: row["id"]) == [
        {"id": 1, "phone": None, "balance": None, "born_on": "1990-02-28", "is_vip": False,
         "changed_at": "2026-11-20T08:05:00+08:00"},
        {"id": BIG, "phone": PHONE, "balance": "1234567890123456.70", "born_on": "1990-02-28", "is_vip": True,
         "changed_at": "2026-11-20T08:05:00+08:00"},
    ]  # fmt: skip


def test_a_column_nobody_declared_is_not_asked_for(tmp_path: Path, company: Company) -> None:
    company.fill({})
    company.run("alter table member drop column secret")
    assert [row["id"] for row in read(tmp_path, company)] == [1]


def _over_three_days(company: Company) -> None:
    moments = [datetime(2026, 11, day, hour) for day, hour in [(17, 23), (18, 0), (20, 23), (21, 0)]]  # noqa: DTZ001
    company.fill(*({"member_no": moment.day, "updated": moment} for moment in moments))


def test_increments_are_what_changed_in_the_window(tmp_path: Path, company: Company) -> None:
    _over_three_days(company)
    window = Window.of_days(date(2026, 11, 18), DAY)
    assert [row["id"] for row in read(tmp_path, company, window)] == [18, 20]
    in_tokyo = declare(tmp_path, {**_content(), "time_zone": "Asia/Tokyo"})
    found = records(pages(in_tokyo, company.where, window))
    assert [(row["id"], row["changed_at"]) for row in found] == [
        (20, "2026-11-20T23:00:00+09:00"),
        (21, "2026-11-21T00:00:00+09:00"),
    ]


def _content() -> dict[str, Any]:
    from tests.unit.declared_kit import said

    return said(**ENTITY)


def test_daily_gives_each_day_its_rows_and_an_empty_page_where_there_are_none(tmp_path: Path, company: Company) -> None:
    _over_three_days(company)
    source = declare(tmp_path, **(ENTITY | {"mode": "daily", "version": None}))
    found = pages(source, company.where, Window.of_days(date(2026, 11, 18), DAY))
    assert [(page.day, [row["id"] for row in page.records]) for page in found] == [
        (date(2026, 11, 18), [18]),
        (date(2026, 11, 19), []),
        (DAY, [20]),
    ]


def test_a_snapshot_is_the_whole_table_once(tmp_path: Path, company: Company) -> None:
    _over_three_days(company)
    entity = {"mode": "snapshot", "version": None, "changed_by": None}
    assert [row["id"] for row in read(tmp_path, company, Window.of_days(date(2026, 11, 18), DAY), **entity)] == [
        17,
        18,
        20,
        21,
    ]


def test_drift_names_table_and_column_and_never_a_value(tmp_path: Path, company: Company) -> None:
    company.fill({})
    place = r"^till.rows 2026-11-20: member"
    columns = ENTITY["columns"] | {"tier": "text"}
    with pytest.raises(SchemaDrift, match=place + r" lacks the column tier"):
        read(tmp_path, company, columns=columns)
    columns = ENTITY["columns"] | {"phone": {"type": "date", "from": "mobile"}}
    with pytest.raises(SchemaDrift, match=place + r": the column mobile does not read as date") as error:
        read(tmp_path, company, columns=columns)
    assert PHONE not in str(error.value)
    company.run("update member set balance = null")
    with pytest.raises(SchemaDrift, match=place + r": the column balance is empty"):
        read(tmp_path, company, columns=ENTITY["columns"] | {"balance": "number"})
    with pytest.raises(SchemaDrift, match=r"^till.rows 2026-11-20: members"):
        read(tmp_path, company, table="members")


def test_a_wrong_password_needs_a_person(tmp_path: Path, company: Company) -> None:
    company.fill({})
    company.where = replace(company.where, password="wrong-password")
    with pytest.raises(NeedsPerson, match=r"^till.rows 2026-11-20: .* refuses the login") as error:
        read(tmp_path, company)
    assert "wrong-password" not in str(error.value)


def test_an_account_that_may_not_select_needs_a_person(tmp_path: Path, company: Company) -> None:
    company.fill({})
    if company.admin.dialect.name != "postgresql":
        company.where = replace(company.where, login="declared_stranger")
    else:
        company.run(f'revoke select on member from "{company.where.login}"')
    with pytest.raises(NeedsPerson, match=r"^till.rows 2026-11-20: "):
        read(tmp_path, company)


@pytest.mark.parametrize("missing", ["login", "password", "url"])
def test_an_incomplete_connection_is_refused_before_any_call(tmp_path: Path, missing: str) -> None:
    where = Connection(name="crm", url="mysql://127.0.0.1:9/crm", login="reader", password="secret")
    with pytest.raises(ConfigurationError, match="quanyu_crm is incomplete"):
        pages(declare(tmp_path, **ENTITY), replace(where, **{missing: ""}))


def test_a_time_with_a_zone_keeps_its_moment(tmp_path: Path, dsn: str) -> None:
    where = urlsplit(dsn)
    admin = sa.create_engine(
        where._replace(scheme="postgresql+psycopg").geturl(), isolation_level="AUTOCOMMIT", poolclass=sa.NullPool
    )
    table = sa.Table(
        "event", sa.MetaData(),
        sa.Column("id", sa.Text, primary_key=True), sa.Column("at", sa.DateTime(timezone=True)),
        sa.Column("body", sa.JSON), sa.Column("more", sa.JSON),
    )  # fmt: skip
    with admin.connect() as connection:
        table.create(connection)
        moment = datetime(2026, 11, 20, 0, 5, tzinfo=UTC)
        connection.execute(table.insert(), {"id": "A", "at": moment, "body": {"price": 1.5, "n": 2}, "more": [1, 2]})
        connection.exec_driver_sql(
            "create role declared_events login password 'x'; grant select on event to declared_events"
        )
    source = declare(
        tmp_path, **(ENTITY | {"table": "public.event", "changed_by": "at", "version": "at",
        "columns": {"id": "text", "at": "time", "body": "object", "more": "array"}}),
    )  # fmt: skip
    to = Connection(
        name="crm", url=f"postgresql://{where.hostname}:{where.port}{where.path}", login="declared_events", password="x"
    )
    assert records(pages(source, to)) == [
        {"id": "A", "at": "2026-11-20T08:05:00+08:00", "body": {"price": "1.5", "n": 2}, "more": [1, 2]}
    ]


def test_a_table_lands_with_tokens_where_people_are(
    tmp_path: Path, company: Company, dsn: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    company.fill({"member_no": BIG})
    source = declare(tmp_path, **ENTITY)
    landing.land(source, source.entities[0], company.where, DAY, dsn=dsn, vault=VAULT, history_days=0)
    [(key, version, payload)] = rows(dsn, "select record_key, version, payload from landing.till__rows")
    assert (key, version) == (str(BIG), "2026-11-20T08:05:00+08:00")
    assert (payload["id"], payload["balance"]) == (BIG, "0.10")
    assert payload["phone"]
    assert PHONE not in str(payload) + caplog.text
