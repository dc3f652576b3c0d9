"""The DAG files: which DAGs there are, when they run, in which order their tasks run, and nothing else in them."""

from __future__ import annotations

import ast
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from quanyu import discovery

DAGS = Path(__file__).resolve().parents[2] / "dags"
FILES = sorted(DAGS.glob("*.py"))
SOURCES = ("tmall", "official_account", "wecom", "xiaohongshu", "store")


def dags() -> dict[str, Any]:
    """Read the DAG files as the dag processor does. An unreadable file fails the test."""
    from airflow.dag_processing.dagbag import DagBag

    bag = DagBag(dag_folder=DAGS)
    assert bag.import_errors == {}
    return dict(bag.dags)


def test_there_is_one_dag_per_source_that_is_switched_on(switch_on) -> None:
    switch_on(SOURCES)
    assert set(dags()) == {
        "ingest__tmall",
        "ingest__official_account",
        "ingest__wecom",
        "ingest__xiaohongshu",
        "ingest__store",
        "transform",
        "activate",
    }


@pytest.mark.parametrize("subset", [(), ("store",), ("tmall", "wecom")], ids=lambda subset: "+".join(subset) or "none")
def test_a_brand_switches_on_only_what_it_has(switch_on, subset: tuple[str, ...]) -> None:
    switch_on(subset)
    assert set(dags()) == {f"ingest__{name}" for name in subset} | {"transform", "activate"}


def test_a_worker_finds_its_dag_without_asking_for_connections(monkeypatch: pytest.MonkeyPatch) -> None:
    """While a task runs, its own DAG exists even if the connection cannot be looked up just now."""
    monkeypatch.setenv("_AIRFLOW_PARSING_CONTEXT_DAG_ID", "ingest__wecom")
    assert {dag_id for dag_id in dags() if dag_id.startswith("ingest__")} == {"ingest__wecom"}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_a_dag_file_is_a_timetable(path: Path) -> None:
    """At most sixty lines, docstring first; no function, no environment, and no import but Airflow's and ours."""
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 60
    tree = ast.parse(text)
    assert ast.get_docstring(tree)
    imported = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert imported == {"__future__", "airflow.sdk", "quanyu.orchestration"}
    forbidden = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda, ast.Import)
    assert not [node for node in ast.walk(tree) if isinstance(node, forbidden)]


@pytest.mark.parametrize("dag_id", ["ingest__store", "transform"])
def test_the_run_at_one_in_the_morning_is_about_the_day_before(switch_on, dag_id: str) -> None:
    switch_on(SOURCES)
    info = _next_run(dags()[dag_id], after=datetime(2026, 11, 20, 12, tzinfo=UTC))
    assert info.run_after == datetime(2026, 11, 20, 17, tzinfo=UTC)
    assert info.partition_key == "2026-11-20"


def test_a_stack_that_is_started_for_the_first_time_waits_for_the_next_night(
    switch_on, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody who tries it at two in the morning means to write to everybody then."""
    switch_on(SOURCES)
    at_twenty_past_one = datetime(2026, 11, 20, 17, 20, tzinfo=UTC)
    monkeypatch.setattr("airflow.timetables.trigger.utcnow", lambda: at_twenty_past_one)
    info = _next_run(dags()["transform"])
    assert info.run_after == datetime(2026, 11, 21, 17, tzinfo=UTC)


@pytest.mark.parametrize("dag_id", ["ingest__store", "transform"])
def test_nothing_begins_by_itself_while_the_clock_is_frozen(
    switch_on, monkeypatch: pytest.MonkeyPatch, dag_id: str
) -> None:
    """A demo that is open at one in the morning would read a night that its platforms have never seen."""
    switch_on(SOURCES)
    monkeypatch.setenv("QUANYU_NOW", "2026-11-21T10:00:00+08:00")
    dag = dags()[dag_id]
    assert _next_run(dag) is None
    _serialized(dag).validate_partition_key("2026-11-20")


def test_activate_follows_the_partition_that_transform_published() -> None:
    from airflow.sdk import Asset, PartitionedAssetTimetable

    found = dags()
    assert isinstance(found["activate"].timetable, PartitionedAssetTimetable)
    assert found["activate"].timetable.asset_condition == Asset("marts")
    assert found["transform"].get_task("announce").outlets == [Asset("marts")]
    others = [task for task in found["transform"].tasks if task.outlets and task.task_id != "announce"]
    assert others == [], "two producers of one partition race"


def test_the_tasks_run_in_the_order_of_the_flow(switch_on) -> None:
    switch_on(SOURCES)
    found = dags()
    assert _order(found["ingest__tmall"]) == ["land", "gate", "seal"]
    assert _order(found["transform"]) == [
        "wait", "staging", "identity", "gate_identity", "marts", "segments", "gate_segments", "publish", "announce",
    ]  # fmt: skip
    order = _order(found["activate"])
    assert [task for task in order if task not in {"audiences", "mirror", "brief"}] == [
        "plan", "wait_for_window", "send", "settle", "receipts", "report",
    ]  # fmt: skip
    assert [task for task in order if task in {"audiences", "mirror", "report"}] == ["audiences", "mirror", "report"]
    assert order.index("brief") < order.index("report")


def test_every_entity_lands_in_a_task_named_after_it(switch_on) -> None:
    switch_on(SOURCES)
    land = dags()["ingest__store"].get_task("land")
    entities = [entity.name for entity in discovery.sources()["store"].entities]
    assert land.op_kwargs_expand_input.value == {"entity": entities}
    assert "entity" in land.partial_kwargs["map_index_template"]


def test_what_must_always_be_written_runs_after_failures_too(switch_on) -> None:
    switch_on(SOURCES)
    found = dags()
    always = {
        ("ingest__tmall", "gate"), ("ingest__tmall", "seal"),
        ("activate", "settle"), ("activate", "receipts"), ("activate", "report"),
    }  # fmt: skip
    rules = {
        (dag.dag_id, task.task_id) for dag in found.values() for task in dag.tasks if task.trigger_rule == "all_done"
    }
    assert {rule for rule in rules if rule[0] in {"ingest__tmall", "transform", "activate"}} == always


def test_only_one_dbt_build_runs_at_a_time() -> None:
    from quanyu.orchestration import DbtBuild

    builds = [task for task in dags()["transform"].tasks if isinstance(task, DbtBuild)]
    assert [task.layer for task in builds] == ["staging", "identity", "marts", "segments"]
    assert {task.pool for task in builds} == {"dbt"}


def test_the_plugin_loader_imports_nothing_of_ours() -> None:
    """Without `plugins/.airflowignore` it imports every module as a top-level one and runs every `__main__`."""
    from airflow._shared.module_loading import find_path_from_directory

    plugins = DAGS.parent / "plugins"
    assert list((plugins / "quanyu").rglob("*.py"))
    assert [path for path in find_path_from_directory(str(plugins), ".airflowignore") if path.endswith(".py")] == []


def _next_run(dag: Any, *, after: datetime | None = None) -> Any:
    """The first run of the DAG, as the scheduler sees it, when time begins at `after`, else from now on."""
    from airflow.timetables.base import TimeRestriction

    restriction = TimeRestriction(earliest=after, latest=None, catchup=after is not None)
    return _serialized(dag).timetable.next_dagrun_info_v2(last_dagrun_info=None, restriction=restriction)


def _serialized(dag: Any) -> Any:
    from airflow.serialization.serialized_objects import DagSerialization

    return DagSerialization.from_dict(json.loads(json.dumps(DagSerialization.to_dict(dag))))


def _order(dag: Any) -> list[str]:
    return [task.task_id for task in dag.topological_sort()]
