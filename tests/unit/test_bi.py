"""Superset gets a login that reads the marts and nothing else, and knows nothing more of the warehouse."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest

from quanyu import warehouse
from quanyu.errors import ConfigurationError
from quanyu.local.superset import Superset, make_login
from quanyu.publish import grants


@pytest.fixture
def published(dsn: str) -> str:
    with warehouse.connect(dsn) as connection:
        connection.execute("create table marts.dim_customers (one_id text)")
        connection.execute("create table raw.trades (tid text)")
        grants.renew(connection)
    return dsn


def _as(dsn: str, user: str, password: str) -> str:
    parts = urlsplit(dsn)
    return parts._replace(netloc=f"{user}:{password}@{parts.hostname}:{parts.port}").geturl()


def test_the_login_reads_the_marts_and_nothing_else(published: str) -> None:
    reader = _as(published, "superset_reads", "secret")
    assert make_login(published, reader) == "superset_reads"
    with psycopg.connect(reader, autocommit=True) as connection:
        assert connection.execute("select count(*) from marts.dim_customers").fetchone() == (0,)
        for statement in ("select * from raw.trades", "select * from vault.secret"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(statement)
        with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
            connection.execute("create table marts.mine (x int)")


def test_making_the_login_again_renews_its_password(published: str) -> None:
    make_login(published, _as(published, "superset_renewed", "old"))
    make_login(published, _as(published, "superset_renewed", "n%27ew"))
    with psycopg.connect(_as(published, "superset_renewed", "n%27ew")) as connection:
        assert connection.execute("select current_user").fetchone() == ("superset_renewed",)
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(_as(published, "superset_renewed", "old"))


def test_a_login_without_a_password_is_refused(published: str) -> None:
    with pytest.raises(ConfigurationError, match="no password"):
        make_login(published, "postgresql://somebody@127.0.0.1/quanyu")


def test_whoever_may_not_make_logins_is_told_what_to_have_done(published: str) -> None:
    weak = _as(published, "superset_weak", "weak")
    make_login(published, weak)
    with psycopg.connect(published, autocommit=True) as connection:
        connection.execute("alter role superset_weak set default_transaction_read_only = off")
    with pytest.raises(ConfigurationError, match="have an administrator make a login in the role quanyu_bi"):
        make_login(weak, _as(published, "superset_wanted", "x"))


def test_superset_is_started_with_its_login_and_none_of_our_secrets(
    published: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QUANYU_VAULT_KEY", "the vault's key")
    environment = Superset(tmp_path, published)._environment()
    owner = urlsplit(published)
    assert urlsplit(environment["QUANYU_BI_URL"]).username == "quanyu_superset"
    said = " ".join(environment.values())
    assert "the vault's key" not in said
    assert str(owner.password) not in said
    assert environment == Superset(tmp_path, published)._environment(), "secrets and port are those of the last time"


def test_superset_that_is_not_installed_says_how_to_install_it(
    published: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("quanyu.local.superset.ENVIRONMENT", tmp_path / "nowhere")
    with pytest.raises(ConfigurationError, match="make bi"):
        Superset(tmp_path, published).up()
