"""A brand's YAML files as DAGs: each is one beside the others, and one with a mistake takes no other down."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.unit.declared_kit import said

DAGS = Path(__file__).resolve().parents[2] / "dags"


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("QUANYU_SOURCES", str(tmp_path))
    return tmp_path


def put(folder: Path, file: str, content: object) -> None:
    (folder / file).write_text(yaml.safe_dump(content), encoding="utf-8")


def dags() -> dict[str, Any]:
    from airflow.dag_processing.dagbag import DagBag

    bag = DagBag(dag_folder=DAGS)
    assert bag.import_errors == {}
    return dict(bag.dags)


def test_a_yaml_file_is_a_dag_when_its_connection_exists(own: Path, switch_on: Any) -> None:
    put(own, "till.yml", said())
    switch_on(["store"])
    assert set(dags()) == {"ingest__store", "transform", "activate"}
    switch_on(["till"])
    found = dags()
    assert set(found) == {"ingest__store", "ingest__till", "transform", "activate"}
    assert found["ingest__till"].doc_md == "A till of our own."


def test_a_mistake_stays_a_dag_that_fails_by_itself(own: Path, switch_on: Any) -> None:
    """So the ledger waits for it, gets its line, and says what is wrong; nothing else changes."""
    put(own, "till.yml", said(mode="weekly"))
    put(own, "Our CRM.yml", {"name": 1})
    (own / "crm.yml").write_text("name: [", encoding="utf-8")
    switch_on(["store", "till", "crm"])
    found = dags()
    assert set(found) == {"ingest__store", "ingest__till", "ingest__crm", "transform", "activate"}
    assert "entities.rows.mode" in found["ingest__till"].doc_md


def test_a_name_that_is_taken_changes_nothing(own: Path, switch_on: Any) -> None:
    switch_on(["store"])
    before = dags()["ingest__store"].doc_md
    put(own, "store.yml", said() | {"name": "store"})
    assert dags()["ingest__store"].doc_md == before
