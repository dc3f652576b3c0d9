"""A session: transactions one after another, on one connection for as long as the server keeps it."""

from __future__ import annotations

from contextlib import suppress

import psycopg
import pytest

from quanyu.errors import Retryable
from quanyu.warehouse import Connection, Session


def backend(connection: Connection) -> int:
    return connection.info.backend_pid


def terminated(dsn: str, pid: int) -> None:
    with psycopg.connect(dsn, autocommit=True) as other:
        other.execute("select pg_terminate_backend(%s, 5000)", [pid])


def test_transactions_share_a_connection_and_are_committed_one_by_one(dsn: str) -> None:
    with Session(dsn) as session:
        with session.transaction() as first:
            first.execute("create table seen (number int)")
            pid = backend(first)
        with suppress(ZeroDivisionError), session.transaction() as second:
            second.execute("insert into seen values (2)")
            raise ZeroDivisionError
        with session.transaction() as third:
            assert third.execute("select count(*) from seen").fetchone() == (0,)
            assert backend(third) == pid
            # What a transaction sets for itself must not reach the next.
            assert third.execute("select current_setting('synchronous_commit')").fetchone() == ("off",)


def test_a_connection_that_the_server_ended_between_two_transactions_is_opened_anew(dsn: str) -> None:
    with Session(dsn) as session:
        with session.transaction() as first:
            pid = backend(first)
        terminated(dsn, pid)
        with session.transaction() as second:
            assert backend(second) != pid


def test_a_connection_that_ends_within_a_transaction_fails_it_and_not_the_next(dsn: str) -> None:
    with Session(dsn) as session:
        with suppress(psycopg.OperationalError), session.transaction() as first:
            terminated(dsn, backend(first))
            first.execute("select 1")
            pytest.fail("the transaction went on without its connection")
        with session.transaction() as second:
            assert second.execute("select 1").fetchone() == (1,)


def test_a_server_that_is_gone_can_be_tried_again() -> None:
    with (
        Session("postgresql://nobody@127.0.0.1:1/nothing") as session,
        pytest.raises(Retryable, match="not answer"),
        session.transaction(),
    ):
        pass
