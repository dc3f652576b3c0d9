"""Marts go on from their last build only when it is whole, of this code, and nothing was deleted behind its back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import psycopg
import pytest

from quanyu import marts_state
from tests.unit.landing_kit import D, Shop

NEXT = D + timedelta(days=1)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for folder in ("models/marts", "macros", "seeds"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "dbt_project.yml").write_text("name: shop")
    (tmp_path / "models" / "marts" / "fct.sql").write_text("select 1")
    return tmp_path


@pytest.fixture
def built(dsn: str, project: Path) -> str:
    """A warehouse whose marts were built for D and consist of one table."""
    with psycopg.connect(dsn) as connection:
        connection.execute("create schema marts_build")
        connection.execute("create table marts_build.fct ()")
    Shop().holds({"id": 1}).night(dsn)
    marts_state.remember_staged(dsn, D)
    with marts_state.continued(dsn, project, D) as is_delta:
        assert not is_delta, "there was no build before"
    return dsn


def _goes_on(dsn: str, project: Path, night: date = NEXT) -> bool:
    with marts_state.continued(dsn, project, night) as is_delta:
        return is_delta


def _execute(dsn: str, statement: str) -> None:
    with psycopg.connect(dsn) as connection:
        connection.execute(statement)


def test_a_whole_build_is_gone_on_from_on_the_same_night_and_the_next(built: str, project: Path) -> None:
    assert [_goes_on(built, project, night) for night in (D, NEXT)] == [True, True]


def test_an_earlier_night_is_built_anew(built: str, project: Path) -> None:
    assert not _goes_on(built, project, D - timedelta(days=1))


@pytest.mark.parametrize(
    "change",
    [
        lambda project: (project / "models" / "marts" / "fct.sql").write_text("select 2"),
        lambda project: (project / "models" / "marts" / "fct.yml").write_text("version: 2"),
        lambda project: (project / "seeds" / "kinds.csv").write_text("a,b"),
        lambda project: (project / "macros" / "m.sql").write_text("{% macro m() %}{% endmacro %}"),
        lambda project: (project / "dbt_project.yml").write_text("vars: {days: 30}"),
    ],
    ids=["model", "properties", "seed", "macro", "variable"],
)
def test_other_code_or_policy_is_built_anew(built: str, project: Path, change: Callable[[Path], object]) -> None:
    change(project)
    assert not _goes_on(built, project)


def test_a_table_that_is_gone_is_built_anew(built: str, project: Path) -> None:
    _execute(built, "drop table marts_build.fct")
    assert not _goes_on(built, project)


def test_after_a_build_that_failed_the_next_one_is_anew(built: str, project: Path) -> None:
    with pytest.raises(RuntimeError), marts_state.continued(built, project, NEXT):
        raise RuntimeError
    assert not _goes_on(built, project)
    assert _goes_on(built, project), "and the one after goes on from that"


@pytest.mark.parametrize("statement", ["delete from raw.shop__rows", "truncate raw.shop__rows"])
def test_after_raw_rows_were_deleted_the_marts_are_built_anew(built: str, project: Path, statement: str) -> None:
    """Such rows leave no load behind that a delta could look at."""
    _execute(built, statement)
    assert not _goes_on(built, project)


def test_a_build_rests_on_the_loads_that_staging_saw(built: str, project: Path) -> None:
    """A load that was admitted after staging was built, or belongs to a later night, is news for the next build."""

    def loads(table: str) -> list[tuple[int]]:
        with psycopg.connect(built) as connection:
            return connection.execute(f"select load_id from ops.{table} order by 1").fetchall()

    first = loads("marts_load")
    assert len(first) == 1
    Shop().holds({"id": 2}).night(built, NEXT)
    marts_state.remember_staged(built, D)
    assert loads("staged_load") == first
    marts_state.remember_staged(built, NEXT)
    assert len(loads("staged_load")) == 2
    assert loads("marts_load") == first
    assert _goes_on(built, project)
    assert loads("marts_load") == loads("staged_load")
