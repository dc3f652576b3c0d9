"""What can go wrong at a platform: an error a person can act on, nothing half loaded, everything else done."""

from __future__ import annotations

import io
import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import partial

import psycopg
import pytest
from psycopg import sql
from rich.console import Console

from quanyu import discovery, gates, landing, warehouse
from quanyu.contracts import Connection, Source
from quanyu.errors import QuanyuError
from quanyu.local.postgres import EmbeddedPostgres
from quanyu.report import night_report, render_terminal
from quanyu.vault import Vault
from tests.conftest import VAULT_KEY
from tests.sandbox import running_sandbox
from tests.sandbox.server import Sandbox

DAY = date(2026, 11, 20)
NEXT = DAY + timedelta(days=1)
ALWAYS = 10_000
_numbers = itertools.count(1)


@dataclass(frozen=True)
class Bad:
    """One thing that goes wrong: where, what, and a word the error must say."""

    entity: str
    fault: str
    says: str

    def __str__(self) -> str:
        return f"{self.entity}-{self.fault}"


BAD_NIGHTS = [
    Bad("tmall.trades", "wrong_signature", "ignature"),
    Bad("tmall.trades", "token_expired", "uthoris"),
    Bad("tmall.refunds", "throttle", "Call Limited"),
    Bad("tmall.trades", "http_500", "HTTP 500"),
    Bad("tmall.trades", "truncated", "not a JSON object"),
    Bad("tmall.members", "html", "not a JSON object"),
    Bad("tmall.trades", "changed_type", "payment"),
    Bad("tmall.trades", "down", "no connection"),
    Bad("official_account.followers", "wrong_signature", "40125"),
    Bad("official_account.followers", "token_expired", "token"),
    Bad("official_account.followers", "throttle", "45011"),
    Bad("wecom.contacts", "html", "not a JSON object"),
    Bad("wecom.contacts", "http_500", "HTTP 500"),
    Bad("xiaohongshu.creative_report", "throttle", "429"),
    Bad("xiaohongshu.creative_report", "changed_type", "fee"),
    Bad("store.receipts", "empty_file", "RECEIPTS_"),
    Bad("store.receipts", "no_done", ".done"),
    Bad("store.visits", "wrong_md5", "md5"),
    Bad("store.members", "missing_column", "MEMBERS_"),
    Bad("store.receipts", "down", "the session broke"),
]


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with running_sandbox(people=150, seed=7, business_date=DAY) as sandbox:
        yield sandbox


@pytest.fixture(scope="module")
def good_night(postgres: EmbeddedPostgres, sandbox: Sandbox) -> str:
    """A database after one good night of every source; then the platforms live on for a day."""
    _create(postgres, "good_night", "quanyu")
    dsn = postgres.url("good_night")
    with warehouse.connect(dsn) as connection:
        landing.prepare(connection)
    for source in discovery.sources().values():
        _night(dsn, sandbox, source, DAY)
    sandbox.advance_to(NEXT)
    return "good_night"


@pytest.fixture
def dsn(postgres: EmbeddedPostgres, good_night: str) -> str:
    name = f"bad_night_{next(_numbers)}"
    _create(postgres, name, good_night)
    return postgres.url(name)


@pytest.mark.parametrize("bad", BAD_NIGHTS, ids=str)
def test_a_bad_night_is_named_leaves_raw_as_it_was_and_stops_nobody_else(dsn: str, sandbox: Sandbox, bad: Bad) -> None:
    source_name, entity = bad.entity.split(".")
    source, where = _impatient(discovery.sources()[source_name]), sandbox.connection(source_name)
    before = _raw(dsn, bad.entity)
    assert before
    if bad.fault == "wrong_signature":
        where = replace(where, password="not-the-secret")
    else:
        sandbox.fault(source_name, bad.fault, times=ALWAYS)
    try:
        with pytest.raises(QuanyuError) as caught:
            _land(dsn, source, entity, where, NEXT)
    finally:
        sandbox.clear()
    _finish(dsn, source, NEXT)
    other = next(found for found in discovery.sources().values() if found.name != source_name)
    _night(dsn, sandbox, other, NEXT)

    assert bad.entity in str(caught.value)
    assert re.search(r" 2026-11-\d\d", str(caught.value))  # the day that was being read
    assert bad.says in str(caught.value)
    assert caught.value.remedy
    assert _raw(dsn, bad.entity) == before
    assert _status(dsn, source_name) == "failed"
    assert _status(dsn, other.name) == "complete"
    said = _said(dsn)
    assert f"{source_name} is failed" in said
    assert caught.value.remedy.split(".")[0][:60] in said
    assert where.password not in said + str(caught.value)


@pytest.mark.parametrize("entity", ["tmall.trades", "xiaohongshu.creative_report", "store.receipts"])
def test_an_unknown_column_lands_and_is_reported(dsn: str, sandbox: Sandbox, entity: str) -> None:
    source = discovery.sources()[entity.split(".", maxsplit=1)[0]]
    sandbox.fault(source.name, "unknown_column", times=ALWAYS)
    try:
        _night(dsn, sandbox, source, NEXT)
    finally:
        sandbox.clear()
    assert _status(dsn, source.name) == "complete"
    assert f"{entity} new fields:" in _said(dsn)


def _impatient(source: Source) -> Source:
    """The same source, whose retries do not wait."""
    return replace(source, connect=partial(source.connect, sleep=lambda _seconds: None))


def _land(dsn: str, source: Source, entity: str, where: Connection, day: date) -> None:
    declared = next(found for found in source.entities if found.name == entity)
    landing.land(source, declared, where, day, dsn=dsn, vault=Vault(VAULT_KEY), history_days=30)


def _finish(dsn: str, source: Source, day: date) -> None:
    if pens := landing.pens(dsn, day, source.name):
        gates.check(dsn, "raw", day, pens)
    landing.admit(dsn, day, source.name)
    landing.seal(dsn, day, source)


def _night(dsn: str, sandbox: Sandbox, source: Source, day: date) -> None:
    for entity in source.entities:
        _land(dsn, source, entity.name, sandbox.connection(source.name), day)
    _finish(dsn, source, day)


def _raw(dsn: str, entity: str) -> list[tuple[object, ...]]:
    table = sql.Identifier("raw", entity.replace(".", "__"))
    with psycopg.connect(dsn) as connection:
        rows = sql.SQL("select record_key, version, payload::text, is_deleted from {} order by 1, 2").format(table)
        return connection.execute(rows).fetchall()


def _status(dsn: str, source: str) -> str:
    with psycopg.connect(dsn) as connection:
        query = "select status from ops.source_night where source = %s and business_date = %s"
        row = connection.execute(query, [source, NEXT]).fetchone()
    return str(row[0]) if row else ""


def _said(dsn: str) -> str:
    told = io.StringIO()
    render_terminal(night_report(dsn, NEXT), Console(file=told, width=2000))
    return told.getvalue()


def _create(postgres: EmbeddedPostgres, name: str, template: str) -> None:
    with psycopg.connect(postgres.url("postgres"), autocommit=True) as connection:
        # Great Expectations keeps the sessions of a check open, and Postgres copies no database in use.
        connection.execute("select pg_terminate_backend(pid) from pg_stat_activity where datname = %s", [template])
        connection.execute(
            sql.SQL("create database {} template {}").format(sql.Identifier(name), sql.Identifier(template))
        )
