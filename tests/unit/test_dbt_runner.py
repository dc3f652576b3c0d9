"""One layer, one build: its results are in the books, its failures are named, its retry repeats only what failed."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import psycopg
import pytest

from quanyu import dbt, dbt_command, warehouse
from quanyu.errors import ConfigurationError, Rejected, Retryable
from quanyu.local.postgres import EmbeddedPostgres
from quanyu.settings import settings
from tests.dbt.evidence_kit import warehouse_of_its_own

D = date(2026, 11, 20)


def query(dsn: str, statement: str) -> list[tuple[object, ...]]:
    with warehouse.connect(dsn) as connection:
        return connection.execute(statement).fetchall()


@pytest.fixture
def empty(postgres: EmbeddedPostgres, tmp_path: Path) -> Iterator[str]:
    """A warehouse whose sources all exist and have never sent a row."""
    with warehouse_of_its_own(postgres, tmp_path) as house:
        yield house.dsn


def test_every_layer_builds_before_a_row_has_landed(empty: str) -> None:
    """Each in its own schema, with a row per node in the books, and what segments say of themselves for activation."""
    before = dict(os.environ)
    for layer in dbt.LAYERS:
        results = dbt.build(layer, D, dsn=empty)
        assert results
        assert {result.status for result in results} <= {"success", "pass"}
    assert dict(os.environ) == before
    schemas = query(empty, "select distinct table_schema from information_schema.tables where table_schema <> 'public'")
    assert {"staging", "identity", "marts_build", "segments_build", "policy"} <= {name for (name,) in schemas}
    books = query(empty, "select distinct layer, resource_type from ops.dbt_result where business_date = '2026-11-20'")
    assert {("staging", "seed"), ("staging", "model"), ("identity", "test"), ("segments", "model")} <= set(books)
    files = {path.stem for path in (dbt.DBT_PROJECT / "models" / "segments").glob("*.sql")}
    assert {name for (name,) in query(empty, "select segment from ops.segment")} == files
    assert all(query(empty, "select meta ? 'why' and meta ? 'channels' from ops.segment"))


def test_a_failure_names_its_nodes_and_no_value_and_a_retry_repeats_only_those(empty: str) -> None:
    """What follows a failed model is skipped, not failed; once the data is right, the rest is left alone."""
    row = "insert into raw.tmall__trades values ('s', '1', '1', null, '{\"payment\": \"%s\"}', false, '%s', 1, '%s')"
    with warehouse.connect(empty) as connection:
        connection.execute(row % ("a secret", D, D))
    with pytest.raises(Rejected) as failure:
        dbt.build("staging", D, dsn=empty)
    assert "stg_tmall__trades" in str(failure.value)
    assert "invalid input syntax" in str(failure.value)
    assert "dbt staging 2026-11-20" in str(failure.value)
    books = query(empty, "select status, message from ops.dbt_result where node = 'stg_tmall__trades'")
    assert books[0][0] == "error"
    assert "a secret" not in f"{failure.value} {books}"
    succeeded = query(empty, "select count(*) from ops.dbt_result where status in ('success', 'pass')")[0][0]

    with warehouse.connect(empty) as connection:
        connection.execute('update raw.tmall__trades set payload = \'{"tid": 1, "payment": "1.00"}\'')
    again = dbt.build("staging", D, dsn=empty, retry=True)
    names = {result.node for result in again}
    assert "stg_tmall__trades" in names
    assert "stg_store__members" not in names
    total = query(empty, "select count(*), count(*) filter (where status in ('success', 'pass')) from ops.dbt_result")
    assert total == [(succeeded + len(again), succeeded + len(again))]

    everything = dbt.build("staging", D, dsn=empty, retry=True)
    assert len(everything) == total[0][0]  # nothing had failed, so a repeat is a full build


def test_a_project_that_does_not_compile_is_refused_with_the_reason(
    empty: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """dbt never starts; the person reads why and where the log is."""
    monkeypatch.setitem(dbt.LAYERS, "staging", ("state:modified",))
    with pytest.raises(Rejected, match=r"dbt staging 2026-11-20: dbt did not run: .*state.*dbt\.log"):
        dbt.build("staging", D, dsn=empty)


def test_one_build_at_a_time(empty: str) -> None:
    """A second build of the same warehouse waits for its turn instead of dropping the first one's tables."""
    with psycopg.connect(empty) as other:
        other.execute("select pg_advisory_lock(hashtext('quanyu.dbt'))")
        with pytest.raises(Retryable, match="another dbt build"):
            dbt.build("identity", D, dsn=empty)


def test_an_unknown_layer_is_refused(environment: None, dsn: str) -> None:
    """With the layers there are."""
    with pytest.raises(ConfigurationError, match="staging, identity, marts, segments"):
        dbt.build("gold", D, dsn=dsn)


def test_a_run_without_a_business_date_says_what_is_missing(environment: None, dsn: str) -> None:
    """Nothing falls back to today."""
    outcome = dbt_command.parse(dsn, settings().home / "dbt", {})
    assert not outcome.success
    assert "business_date is missing" in str(outcome.exception)


def test_a_project_is_parsed_again_only_when_it_changed(empty: str, tmp_path: Path) -> None:
    """Another night is not another project: its date is in what is built all the same."""
    project, home = tmp_path / "project", tmp_path / "home"
    shutil.copytree(dbt.DBT_PROJECT, project, ignore=shutil.ignore_patterns("target", "logs"))
    model = project / "models" / "segments" / "tonight.sql"
    model.write_text("select {{ business_date() }} as night", encoding="utf-8")

    def built(night: date) -> tuple[object, set[float]]:
        variables = {"business_date": night.isoformat()}
        command = ["run", "--select", "tonight"]
        outcome = dbt_command.invoke(command, empty, home / "segments", variables, project=project)
        assert outcome.success, outcome.exception
        parsed = {path.stat().st_mtime_ns for path in home.glob("parsed_*.pickle")}
        return query(empty, "select * from segments_build.tonight")[0][0], parsed

    first, parsed = built(D)
    assert (first, len(parsed)) == (D, 1)
    assert built(D + timedelta(days=1)) == (D + timedelta(days=1), parsed)
    model.write_text("select {{ business_date() }} - 7 as night", encoding="utf-8")
    week_before, parsed_again = built(D)
    assert week_before == D - timedelta(days=7)
    assert len(parsed_again) == 1
    assert parsed_again != parsed
