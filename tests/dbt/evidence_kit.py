"""Raw rows as landing leaves them, for tests of identity: written in any order, on any night."""

from __future__ import annotations

import base64
import json
import random
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql

from quanyu import dbt, dbt_command, landing, warehouse
from quanyu.contracts import SHANGHAI, Personal
from quanyu.local.postgres import EmbeddedPostgres
from quanyu.settings import settings
from quanyu.vault import Vault

NIGHT = date(2026, 11, 20)
# One name for all warehouses that dbt builds in: it is parsed into the project (`parsed_once` of conftest.py).
DATABASE = "warehouse"
VAULT = Vault(bytes(range(32)))
BRAND, SHOP = "quanyu", "shop-1"

Account = tuple[str, str, str]
"""(account_type, scope, account_id)"""


# How the last build came about: which labels it met and what it looked into again.
_WAYS = {"labels", "aliases", "differences", "changes", "renewed", "touched", "touched_identifiers", "generations"}


@dataclass(frozen=True, slots=True)
class RawRow:
    """One version of one record."""

    table: str
    account: str
    key: str
    version: str
    payload: str
    moment: datetime


def days_ago(days: float) -> datetime:
    """A moment before the end of the night's business day."""
    return datetime(2026, 11, 20, 20, tzinfo=SHANGHAI) - timedelta(days=days)


def wall(moment: datetime) -> str:
    """As the platforms write a time."""
    return f"{moment:%Y-%m-%d %H:%M:%S}"


def phone(number: str) -> str:
    """The token under which a phone lands."""
    return VAULT.tokenise(Personal.PHONE, number).token


def phone_md5(number: str) -> str:
    """The token under which a phone's MD5 lands."""
    return VAULT.tokenise(Personal.PHONE, number).aliases[0]


@dataclass
class Evidence:
    """Collects rows; each method is one sighting and answers with its account."""

    rows: list[RawRow] = field(default_factory=list)

    def _add(
        self, table: str, account: str, key: str, payload: dict[str, Any], *, moment: datetime, version: str = "1"
    ) -> None:
        self.rows.append(RawRow(table, account, key, version, json.dumps(payload), moment))

    def contact(
        self, userid: str, added: datetime, *, unionid: str = "", phones: Iterable[str] = (), corp: str = "corp"
    ) -> Account:
        follow = {"userid": "guide", "createtime": int(added.timestamp()), "remark_mobiles": list(phones)}
        payload = {"external_contact": {"external_userid": userid, "unionid": unionid}, "follow_info": follow}
        self._add("wecom__contacts", corp, f"{userid}|guide", payload, moment=added)
        return "wecom_contact", corp, userid

    def follower(self, openid: str, subscribed: datetime, *, unionid: str = "", appid: str = "wx") -> Account:
        payload = {"openid": openid, "unionid": unionid, "subscribe": 1, "subscribe_time": int(subscribed.timestamp())}
        self._add("official_account__followers", appid, openid, payload, moment=subscribed)
        return "official_account_follower", appid, openid

    def member(
        self,
        card: str,
        registered: datetime,
        *,
        phone: str = "",
        ouid: str = "",
        name: str = "",
        birthday: str = "",
        updated: datetime | None = None,
    ) -> Account:
        payload = {"member_card": card, "phone": phone, "tmall_ouid": ouid, "registered_at": wall(registered)}
        payload |= {"name": name, "birthday": birthday}
        updated_at = wall(updated or registered)
        self._add(
            "store__members", BRAND, card, payload | {"updated_at": updated_at}, moment=registered, version=updated_at
        )
        return "store_member", BRAND, card

    def receipt(self, number: str, sold: datetime, *, phone: str = "", card: str = "") -> Account:
        payload = {"store_code": "S1", "receipt_no": number, "line_no": "1", "sold_at": wall(sold)}
        payload |= {"sell_way": "A", "amount": "1.00", "phone": phone, "member_card": card}
        self._add("store__receipts", BRAND, f"S1|{number}|1", payload, moment=sold)
        return ("store_member", BRAND, card) if card else ("store_receipt", BRAND, f"S1|{number}")

    def visit(
        self, visit_id: str, visited: datetime, *, phone_hash: str = "", unionid: str = "", card: str = ""
    ) -> Account:
        payload = {"visit_id": visit_id, "visited_at": wall(visited), "store_code": "S1", "channel": "walk_in"}
        payload |= {"phone_hash": phone_hash, "unionid": unionid, "member_card": card}
        self._add("store__visits", BRAND, visit_id, payload, moment=visited)
        return ("store_member", BRAND, card) if card else ("store_visit", BRAND, visit_id)

    def trade(self, tid: int, buyer: str, created: datetime) -> Account:
        payload = {"tid": tid, "buyer_open_uid": buyer, "created": wall(created), "status": "TRADE_FINISHED"}
        self._add("tmall__trades", SHOP, str(tid), payload, moment=created)
        return "tmall_buyer", SHOP, buyer

    def shop_member(self, ouid: str, tid: int, traded: datetime, *, version: str = "1") -> Account:
        payload = {"ouid": ouid, "biz_order_id": tid, "last_trade_time": wall(traded)}
        self._add("tmall__members", SHOP, ouid, payload, moment=traded, version=version)
        return "tmall_member", SHOP, ouid


def new_load(connection: warehouse.Connection, night: date) -> int:
    """Enter a load that was admitted on a night."""
    row = connection.execute(
        """insert into ops.entity_load (business_date, source, entity, status, window_start, window_end)
        values (%s, 'test', 'test', 'admitted', %s, %s) returning load_id""",
        [night, night, night],
    ).fetchone()
    assert row is not None
    return int(row[0])


@dataclass(frozen=True)
class Warehouse:
    """A warehouse of its own that the layers are built in."""

    dsn: str

    def add(self, rows: Iterable[RawRow], landed_on: date = NIGHT) -> None:
        """Land rows on a night, in a load of their own: it is by its load that a delta finds a row."""
        by_table = defaultdict(list)
        for row in rows:
            by_table[row.table].append(row)
        columns = ("account", "record_key", "version", "payload", "is_deleted", "landed_on", "load_id", "extracted_at")
        with warehouse.connect(self.dsn) as connection:
            load = new_load(connection, landed_on)
            for table, some in by_table.items():
                values = ((r.account, r.key, r.version, r.payload, False, landed_on, load, landed_on) for r in some)
                warehouse.copy_rows(connection, sql.Identifier("raw", table), columns, values)

    def empty(self) -> None:
        """Forget every raw row."""
        with warehouse.connect(self.dsn) as connection:
            tables = connection.execute("select tablename from pg_tables where schemaname = 'raw'").fetchall()
            for (table,) in tables:
                connection.execute(sql.SQL("truncate raw.{}").format(sql.Identifier(table)))

    def know_phones(self, *numbers: str) -> None:
        """Give the vault clear phones, so that their hashes find them."""
        with warehouse.connect(self.dsn) as connection:
            VAULT.store(connection, [VAULT.tokenise(Personal.PHONE, number) for number in numbers])

    def build(
        self,
        night: date = NIGHT,
        *,
        layers: Iterable[str] = ("staging", "identity"),
        tested: Iterable[str] = ("identity", "segments"),
    ) -> None:
        """Build layers, and run the data tests of some: the 1,000 of staging and marts take longer than the models."""
        with pytest.MonkeyPatch.context() as patch:
            for layer in layers:
                # A seventh of a build is writing what dbt knows of the project, which only segments are read from.
                patch.setenv("DBT_WRITE_JSON", str(layer == "segments"))
                if layer not in tested:
                    patch.setitem(dbt.LAYERS, layer, (*dbt.LAYERS[layer], "--exclude-resource-type", "test"))
                dbt.build(layer, night, dsn=self.dsn)

    def build_identity_anew(self, night: date) -> None:
        """Build identity as if there had been no build before."""
        self.execute("delete from ops.identity_build")
        self.build(night, layers=["identity"])

    def test(self, *selected: str, folder: Path) -> dict[str, str]:
        """Run tests of the project against what is built; name -> status."""
        variables = {"business_date": NIGHT.isoformat()}
        outcome = dbt_command.invoke(["test", "--select", *selected], self.dsn, folder, variables)
        return {result.node.name: str(result.status) for result in getattr(outcome.result, "results", ())}

    def execute(self, statement: str) -> None:
        with warehouse.connect(self.dsn) as connection:
            connection.execute(statement)

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        with warehouse.connect(self.dsn) as connection:
            return connection.execute(query).fetchall()

    def people(self) -> dict[Account, str]:
        """Every account that is a person's -> its One-ID."""
        found = self.rows("select account_type, scope, account_id, one_id from identity.bridge_account_customer")
        return {(account_type, scope, account_id): one_id for account_type, scope, account_id, one_id in found}

    def dump(self) -> dict[str, list[tuple[Any, ...]]]:
        """Every table and view of identity, row for row, but for what only speeds the next night up."""
        relations = self.rows("select relname from pg_class where relnamespace = 'identity'::regnamespace"
                              " and relkind in ('r', 'v') order by 1")  # fmt: skip
        return {
            name: self.rows(f"select t::text from identity.{name} as t order by 1")
            for (name,) in relations
            if name.removeprefix("int_identity__") not in _WAYS
        }


@contextmanager
def new_database(postgres: EmbeddedPostgres) -> Iterator[str]:
    """The URL of a migrated database, one at a time; gone at the end whatever happens, for the next has its name."""
    with psycopg.connect(postgres.url("postgres"), autocommit=True) as connection:
        connection.execute(f"create database {DATABASE} template quanyu")
    try:
        yield postgres.url(DATABASE)
    finally:
        with psycopg.connect(postgres.url("postgres"), autocommit=True) as connection:
            connection.execute(f"drop database if exists {DATABASE} with (force)")


@contextmanager
def warehouse_of_its_own(postgres: EmbeddedPostgres, home: Path) -> Iterator[Warehouse]:
    """A database with empty raw tables, which `settings()` names."""
    with new_database(postgres) as dsn, pytest.MonkeyPatch.context() as patch:
        patch.setenv("QUANYU_WAREHOUSE_URL", dsn)
        patch.setenv("QUANYU_VAULT_KEY", base64.b64encode(bytes(range(32))).decode())
        patch.setenv("QUANYU_HOME", str(home))
        settings.cache_clear()
        with warehouse.connect(dsn) as connection:
            landing.prepare(connection)
        try:
            yield Warehouse(dsn)
        finally:
            settings.cache_clear()


def let_rows_be_short(connection: psycopg.Connection, tables: Iterable[str]) -> None:
    """Give what may never be null a value of its type, so that a lie need say no more than what it is about."""
    columns = connection.execute(
        "select attrelid::regclass::text, attname, format_type(atttypid, atttypmod) from pg_attribute"
        " where attrelid = any(%s::text[]::regclass[]) and attnum > 0 and attnotnull and not atthasdef",
        [list(tables)],
    )
    blank = {"text": "''", "date": "'2026-11-20'", "boolean": "false", "timestamp with time zone": "'2026-11-20'"}
    for table, column, kind in columns.fetchall():
        connection.execute(f"alter table {table} alter column {column} set default {blank.get(kind, '0')}")


def rename_database(postgres: EmbeddedPostgres, name: str, other: str) -> None:
    """Give a database another name. dbt leaves a connection open after it has ended, which would be in the way."""
    with psycopg.connect(postgres.url("postgres"), autocommit=True) as connection:
        connection.execute("select pg_terminate_backend(pid) from pg_stat_activity where datname = %s", [name])
        rename = sql.SQL("alter database {} rename to {}")
        connection.execute(rename.format(sql.Identifier(name), sql.Identifier(other)))


def random_evidence(seed: int, size: int) -> list[RawRow]:
    """Accounts of every kind that share phones and unionids at random: chains, conflicts, crowds and silences."""
    rng = random.Random(seed)
    evidence = Evidence()
    phones = [phone(f"139{seed % 1000:03d}{n:05d}") for n in range(max(2, size // 2))]
    unionids = ["", *(f"u{seed}-{n}" for n in range(max(2, size // 3)))]
    for n in range(size):
        name, moment = f"{seed}-{n}", days_ago(rng.choice((rng.uniform(6, 60), rng.uniform(6, 400))))
        match rng.randrange(5):
            case 0:
                some = rng.sample(phones, min(len(phones), rng.randrange(4)))
                evidence.contact(name, moment, unionid=rng.choice(unionids), phones=some)
            case 1:
                said = {"name": rng.choice(("", "nm_1", "nm_2")), "birthday": rng.choice(("", "--0501", "--0502"))}
                evidence.member(name, moment, phone=rng.choice(phones), **said)
                for k in range(rng.randrange(3)):
                    card = {"card": name, "unionid": rng.choice(unionids), "phone_hash": rng.choice(["", *phones])}
                    evidence.visit(f"{name}-{k}", moment + timedelta(days=rng.uniform(0, 5)), **card)
            case 2:
                evidence.visit(name, moment, unionid=rng.choice(unionids), phone_hash=rng.choice(phones))
            case 3:
                evidence.receipt(name, moment, phone=rng.choice(phones))
            case _:
                evidence.follower(name, moment, unionid=rng.choice(unionids))
    return evidence.rows
