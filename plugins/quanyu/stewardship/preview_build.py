"""Build identity, marts and segments a second time, beside the night's, under a rule or a decision not committed yet.

dbt itself does it, with the models of the night and its staging; only the schemas have other names. Identity is
rebuild-identical, so a build from nothing is what the night will say, however it gets there.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from pathlib import Path

from psycopg import sql
from psycopg.rows import TupleRow

from quanyu import dbt, dbt_command, warehouse
from quanyu.dbt_command import DBT_PROJECT
from quanyu.errors import Rejected, Retryable
from quanyu.identity_policy import check_policy
from quanyu.identity_state import blocked_tokens
from quanyu.settings import settings
from quanyu.stewardship.decisions import Decision, revoke, store, validate
from quanyu.warehouse import Connection, copy_rows

PREFIX = "quanyu_plan_"
"""Begins the name of every schema of a plan, and of no other."""

_BOOKS = f"{PREFIX}ops"
_VIEW = "create view {} as select * from {}"

_LAYERS = ("identity", "marts", "segments")
_POLICY = ("identity_identifier_types", "identity_blocked_values")

# What a plan adds to of the books that identity reads; of the others a view does. The parent table comes first.
_DECISIONS = ("identity_decision", "identity_decision_account")
_BLOCKED = "blocked_token"


@contextmanager
def shadow(
    dsn: str, business_date: date, *, decisions: Sequence[Decision], revoked: Sequence[str], seeds: Mapping[str, Path]
) -> Iterator[None]:
    """Let the shadow of a night stand for the length of a `with`; `seeds` are files to take for those of that name.

    Raises ConfigurationError or Rejected when the night itself would refuse the decision or the rule, Retryable when
    another plan is being made.
    """
    folder = settings().home / "dbt" / "plan"
    with _alone(dsn):
        try:
            # What a plan that was killed left behind goes first.
            _clear(dsn, folder)
            project = _project(folder, seeds)
            _fill_books(dsn, business_date, decisions, revoked, project / "seeds" / "identity_blocked_values.csv")
            _build(dsn, business_date, project, folder)
            yield
        finally:
            _clear(dsn, folder)


@contextmanager
def _alone(dsn: str) -> Iterator[None]:
    """Let one plan at a time have the schemas; the lock ends with the connection. Nights do not wait for it."""
    with warehouse.connect(dsn, autocommit=True) as connection:
        row = connection.execute("select pg_try_advisory_lock(hashtext('quanyu.identity_plan'))").fetchone()
        if row != (True,):
            raise Retryable("another plan is being made in this warehouse.", remedy="wait for it; nothing was changed.")
        yield


def _clear(dsn: str, folder: Path) -> None:
    shutil.rmtree(folder / "project", ignore_errors=True)
    with warehouse.connect(dsn) as connection:
        found = connection.execute("select nspname from pg_namespace where starts_with(nspname, %s)", [PREFIX])
        for (schema,) in found.fetchall():
            connection.execute(sql.SQL("drop schema {} cascade").format(sql.Identifier(schema)))


def _project(folder: Path, seeds: Mapping[str, Path]) -> Path:
    """Copy the dbt project, the given seeds in place of its own."""
    project = folder / "project"
    shutil.copytree(DBT_PROJECT, project, ignore=shutil.ignore_patterns("target", "logs"))
    check_policy(*(seeds.get(name, project / "seeds" / f"{name}.csv") for name in _POLICY))
    for name, path in seeds.items():
        shutil.copyfile(path, project / "seeds" / f"{name}.csv")
    return project


def _fill_books(
    dsn: str, business_date: date, decisions: Iterable[Decision], revoked: Iterable[str], blocked: Path
) -> None:
    """Make the shadow of what identity reads from `ops`: blocked tokens, and decisions as if they were stored."""
    tokens = blocked_tokens(blocked)
    with warehouse.connect(dsn) as connection:
        books = _as_if_stored(connection, business_date, decisions, revoked)
        connection.execute(sql.SQL("create schema {}").format(sql.Identifier(_BOOKS)))
        found = connection.execute("select tablename from pg_tables where schemaname = 'ops'")
        for (table,) in found.fetchall():
            make = "create table {} (like {} including all)" if table in {*books, _BLOCKED} else _VIEW
            connection.execute(sql.SQL(make).format(sql.Identifier(_BOOKS, table), sql.Identifier("ops", table)))
        for table, (columns, rows) in books.items():
            copy_rows(connection, sql.Identifier(_BOOKS, table), columns, rows)
        blocked_rows = (("phone", token, reason) for token, reason in tokens.items())
        copy_rows(connection, sql.Identifier(_BOOKS, _BLOCKED), ("identifier_type", "token", "reason"), blocked_rows)


def _as_if_stored(
    connection: Connection, business_date: date, decisions: Iterable[Decision], revoked: Iterable[str]
) -> dict[str, tuple[list[str], list[TupleRow]]]:
    """Take and revoke decisions as a steward would, read the tables, and take it back.

    A decision that begins later is planned as if it began with this night, under the id that it had then.
    """
    books = {}
    with connection.transaction(force_rollback=True):
        for decision_id in revoked:
            revoke(connection, decision_id, "plan", business_date)
        for decision in decisions:
            tonight = decision
            if decision.effective_on > business_date:
                tonight = replace(decision, effective_on=business_date, decision_id="")
            validate(connection, tonight)
            store(connection, tonight)
        for table in _DECISIONS:
            cursor = connection.execute(sql.SQL("select * from {}").format(sql.Identifier("ops", table)))
            books[table] = ([column.name for column in cursor.description or ()], cursor.fetchall())
    return books


def _build(dsn: str, business_date: date, project: Path, folder: Path) -> None:
    """Run one dbt build of all that follows from policy and decisions, tests included.

    Raises Rejected when it fails: the night would fail as well, on the same node.
    """
    selected = ["path:seeds", *(path for layer in _LAYERS for path in dbt.LAYERS[layer])]
    variables = {"business_date": business_date.isoformat(), "schema_prefix": PREFIX}
    command = ["build", "--select", *selected, "--indirect-selection", "buildable"]
    command += ["--exclude-resource-type", "unit_test"]
    outcome = dbt_command.invoke(command, dsn, folder, variables, project=project)
    failed = dbt.failed(outcome)
    if outcome.success and not failed:
        return
    first = failed[0] if failed else None
    said = f"{first.node}: {first.message}" if first else dbt.without_values(str(outcome.exception))
    raise Rejected(
        f"the night would not be built like this: {said}",
        remedy=f"correct the rule or the decision; nothing was changed. The whole story is in {folder / 'dbt.log'}.",
    ).at(f"plan {business_date}")
