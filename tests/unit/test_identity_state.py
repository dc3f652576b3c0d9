"""A delta is believed on top of a finished build under the same policy and code, with everything still there."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from quanyu import warehouse
from quanyu.identity_state import _STATE, continued
from quanyu.settings import PROJECT


@pytest.fixture
def project(tmp_path: Path, dsn: str) -> Path:
    """The dbt project's files, and a warehouse as a build leaves it."""
    for folder in ("models/identity", "macros", "seeds"):
        shutil.copytree(PROJECT / "dbt_project" / folder, tmp_path / folder)
    shutil.copyfile(PROJECT / "dbt_project" / "dbt_project.yml", tmp_path / "dbt_project.yml")
    with warehouse.connect(dsn) as connection:
        connection.execute("create schema if not exists policy")
        connection.execute("create schema if not exists identity")
        connection.execute("create table policy.identity_identifier_types as select 12 as max_accounts")
        connection.execute("create table policy.identity_blocked_values as select 'x' as pattern")
        for name in _STATE:
            connection.execute(f"create table identity.{name} ()")
    return tmp_path


def _build(dsn: str, project: Path) -> bool:
    with continued(dsn, project) as may_continue:
        return may_continue


def test_the_second_build_continues_the_first(dsn: str, project: Path) -> None:
    assert not _build(dsn, project)
    assert _build(dsn, project)


def test_a_build_that_failed_is_not_continued(dsn: str, project: Path) -> None:
    _build(dsn, project)
    with pytest.raises(RuntimeError, match="dbt failed"), continued(dsn, project):
        raise RuntimeError("dbt failed")
    assert not _build(dsn, project)
    assert _build(dsn, project)


def _execute(statement: str) -> Callable[[str, Path], None]:
    def change(dsn: str, _: Path) -> None:
        with warehouse.connect(dsn) as connection:
            connection.execute(statement)

    return change


def _append(name: str) -> Callable[[str, Path], None]:
    def change(_: str, project: Path) -> None:
        with (project / name).open("a", encoding="utf-8") as file:
            file.write("\n")

    return change


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(_execute("update policy.identity_identifier_types set max_accounts = 9"), id="a limit"),
        pytest.param(_execute("insert into ops.blocked_token values ('phone', 'ph_1', 'test')"), id="a blocked phone"),
        pytest.param(_execute("drop table identity.int_identity__labels"), id="a lost table"),
        pytest.param(_execute("delete from ops.identity_build"), id="a person's wish"),
        pytest.param(_append("seeds/identity_blocked_values.csv"), id="a seed"),
        pytest.param(_append("models/identity/int_identity__screened.sql"), id="a model"),
        pytest.param(_append("models/identity/_identity__models.yml"), id="a constraint"),
        pytest.param(_append("macros/identity/extend_graph.sql"), id="a macro"),
        pytest.param(_append("dbt_project.yml"), id="a variable"),
    ],
)
def test_whatever_identity_depends_on_ends_the_line(
    dsn: str, project: Path, change: Callable[[str, Path], None]
) -> None:
    _build(dsn, project)
    change(dsn, project)
    assert not _build(dsn, project)
