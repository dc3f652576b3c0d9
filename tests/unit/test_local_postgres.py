"""The embedded server starts, stops and starts again on the same data."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest

from quanyu.local.postgres import EmbeddedPostgres


@pytest.fixture
def server(tmp_path: Path):
    server = EmbeddedPostgres(tmp_path / "postgres")
    yield server
    server.stop()


def test_data_survives_a_restart(server: EmbeddedPostgres) -> None:
    server.start()
    with psycopg.connect(server.url()) as connection:
        connection.execute("create table kept as select 42 as answer")
    server.stop()
    assert not server.is_running()
    server.start()
    with psycopg.connect(server.url()) as connection:
        assert connection.execute("select answer from kept").fetchone() == (42,)


def test_starting_twice_keeps_the_running_server(server: EmbeddedPostgres) -> None:
    url = server.start().url()
    assert server.start().url() == url


def test_a_connection_without_the_password_is_refused(server: EmbeddedPostgres) -> None:
    url = server.start().url()
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(url.replace("quanyu:", "quanyu:wrong"))


def test_it_listens_on_loopback_only(server: EmbeddedPostgres) -> None:
    with psycopg.connect(server.start().url()) as connection:
        assert connection.execute("show listen_addresses").fetchone() == ("127.0.0.1",)
