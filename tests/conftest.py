"""One embedded Postgres for the session; a migrated database of its own for each test that asks."""

from __future__ import annotations

import base64
import itertools
import os
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from quanyu import dbt_command, warehouse
from quanyu.local.postgres import EmbeddedPostgres
from tests.fixtures.mariadb import pytest_terminal_summary, sql_server

__all__ = ["pytest_terminal_summary", "sql_server"]

# Workers of xdist have it, and a console that is made at import keeps that width whatever a test sets later.
os.environ.pop("COLUMNS", None)

# Waiting for the disk at each create and drop costs more than the test. A killed server loses nothing by it.
_FOR_TESTS = {"fsync": "off", "full_page_writes": "off"}

_numbers = itertools.count(1)

VAULT_KEY = bytes(range(32))


# Workers take files in the order of collection; a long one that is taken last is waited for by the others.
_LONG_ONES = ("e2e", "dbt", "faults")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the folders whose files take minutes first, as they are named."""

    def rank(item: pytest.Item) -> int:
        folder = item.path.parent.name
        return _LONG_ONES.index(folder) if folder in _LONG_ONES else len(_LONG_ONES)

    items.sort(key=rank)


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedPostgres]:
    """The session's server, with a template database that holds our schemas."""
    server = EmbeddedPostgres(tmp_path_factory.mktemp("postgres"), _FOR_TESTS).start()
    with warehouse.connect(server.url()) as connection:
        warehouse.migrate(connection)
    yield server
    server.stop()


@pytest.fixture(scope="session", autouse=True)
def parsed_once(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Let all tests, of every worker, share what dbt parsed: 11 s a test file and more otherwise."""
    base = tmp_path_factory.getbasetemp()
    shared = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "parsed" / "of_any_layer"
    kept = dbt_command._kept

    def beside_shared(dsn: str, folder: Path, variables: dict[str, object], project: Path, *, is_delta: bool) -> Path:
        return kept(
            dsn, shared if project == dbt_command.DBT_PROJECT else folder, variables, project, is_delta=is_delta
        )

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(dbt_command, "_kept", beside_shared)
        yield


@pytest.fixture
def dsn(postgres: EmbeddedPostgres) -> Iterator[str]:
    """The URL of a fresh, migrated warehouse."""
    name = f"test_{next(_numbers)}"
    with psycopg.connect(postgres.url("postgres"), autocommit=True) as connection:
        connection.execute(sql.SQL("create database {} template quanyu").format(sql.Identifier(name)))
    yield postgres.url(name)
    with psycopg.connect(postgres.url("postgres"), autocommit=True) as connection:
        connection.execute(sql.SQL("drop database {} with (force)").format(sql.Identifier(name)))


@pytest.fixture
def environment(dsn: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """`settings()` reads a fresh warehouse and a fixed vault key."""
    from quanyu.settings import settings

    monkeypatch.setenv("QUANYU_WAREHOUSE_URL", dsn)
    monkeypatch.setenv("QUANYU_VAULT_KEY", base64.b64encode(VAULT_KEY).decode())
    monkeypatch.setenv("QUANYU_HOME", str(tmp_path))
    settings.cache_clear()
    yield
    settings.cache_clear()
