"""A brand's own sources: a YAML file in a folder is enough; a mistake in it costs only that source its night."""

from __future__ import annotations

import logging
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from quanyu import discovery, gates, landing, warehouse
from quanyu.contracts import Connection
from quanyu.errors import ConfigurationError
from quanyu.vault import Vault
from tests.unit.declared_kit import PHONE, TODAY, Folder, said
from tests.unit.landing_kit import rows

DAY = date(2026, 11, 20)
VAULT = Vault(bytes(range(32)))


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of QUANYU_SOURCES; no other setting is there."""
    for name in ("QUANYU_WAREHOUSE_URL", "QUANYU_VAULT_KEY"):
        monkeypatch.delenv(name, raising=False)
    folder = tmp_path / "sources"
    folder.mkdir()
    monkeypatch.setenv("QUANYU_SOURCES", str(folder))
    return folder


def put(folder: Path, file: str, content: dict[str, Any] | str) -> Path:
    path = folder / file
    path.write_text(content if isinstance(content, str) else yaml.safe_dump(content), encoding="utf-8")
    return path


def named(name: str, **entity: Any) -> dict[str, Any]:
    return said(**entity) | {"name": name}


def test_a_yaml_file_in_the_folder_is_a_source_like_any_other(own: Path) -> None:
    shipped = discovery.shipped_sources()
    put(own, "till.yml", named("till"))
    put(own, "crm.yaml", named("crm"))
    put(own, "notes.txt", "no source")
    found = discovery.sources()
    assert set(found) == {*shipped, "till", "crm"}
    assert [entity.name for entity in found["till"].entities] == ["rows"]


def test_without_the_setting_only_what_came_with_the_project_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("QUANYU_SOURCES", raising=False)
    assert set(discovery.sources()) == set(discovery.shipped_sources())
    monkeypatch.setenv("QUANYU_SOURCES", "")
    assert set(discovery.sources()) == set(discovery.shipped_sources())


def test_a_folder_that_is_not_there_is_a_wrong_setting(own: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A night without half its systems would look like a good one."""
    monkeypatch.setenv("QUANYU_SOURCES", str(own / "missing"))
    with pytest.raises(ConfigurationError, match="QUANYU_SOURCES is no folder"):
        discovery.sources()


def test_a_relative_folder_lies_in_the_checkout(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Airflow's processes do not all start in the same folder."""
    monkeypatch.setenv("QUANYU_SOURCES", "docs")
    monkeypatch.chdir(tmp_path)
    assert set(discovery.sources()) == set(discovery.shipped_sources())


BROKEN = [
    pytest.param(named("till") | {"nmae": "x"}, "nmae: no such key", ["rows"], id="an unknown key"),
    pytest.param("name: till\n  about: [", "no YAML at line", ["declaration"], id="no YAML"),
    pytest.param("", "the file: must be a mapping", ["declaration"], id="empty"),
    pytest.param(named("other"), "declares another name than its own", ["rows"], id="another name"),
]


@pytest.mark.parametrize(("content", "words", "entities"), BROKEN)
def test_a_file_with_a_mistake_stays_in_the_list_and_fails_by_itself(
    own: Path, caplog: pytest.LogCaptureFixture, content: dict[str, Any] | str, words: str, entities: list[str]
) -> None:
    put(own, "till.yml", content)
    put(own, "crm.yml", named("crm"))
    with caplog.at_level(logging.ERROR):
        found = discovery.sources()
    assert set(found) == {*discovery.shipped_sources(), "till", "crm"}
    assert words in caplog.text
    assert "till.yml" in caplog.text
    source = found["till"]
    assert [entity.name for entity in source.entities] == entities
    assert words in source.about
    where = Connection(name="till", url="file:///x")
    with pytest.raises(ConfigurationError, match=words), source.connect(where) as client:
        list(source.entities[0].read(client, TODAY))


def test_a_name_that_is_taken_leaves_the_shipped_source_as_it_is(own: Path, caplog: pytest.LogCaptureFixture) -> None:
    put(own, "tmall.yml", named("tmall"))
    with caplog.at_level(logging.ERROR):
        assert discovery.sources()["tmall"] is discovery.shipped_sources()["tmall"]
    assert "a source tmall comes with the project" in caplog.text


def test_two_files_of_one_name_are_one_source_too_many(own: Path) -> None:
    put(own, "till.yml", named("till"))
    put(own, "till.yaml", named("till"))
    assert discovery.sources()["till"].about.startswith("Cannot be read")


def test_a_file_whose_name_can_be_no_source_is_named_and_left_out(own: Path, caplog: pytest.LogCaptureFixture) -> None:
    put(own, "Our CRM.yml", named("crm") | {"x": 1})
    with caplog.at_level(logging.ERROR):
        assert set(discovery.sources()) == set(discovery.shipped_sources())
    assert "Our CRM.yml" in caplog.text


def night(dsn: str, name: str, where: Connection) -> landing.SourceNight:
    """Land every entity, ask the gate, admit, seal: what a night does with a source, without Airflow."""
    source = discovery.sources()[name]
    for entity in source.entities:
        try:
            landing.land(source, entity, where, DAY, dsn=dsn, vault=VAULT, history_days=0)
        except ConfigurationError:
            continue
    if pens := landing.pens(dsn, DAY, name):
        gates.check(dsn, "raw", DAY, pens)
    landing.admit(dsn, DAY, name)
    return landing.seal(dsn, DAY, source)


def test_a_brands_own_files_reach_raw_through_the_gate_with_tokens_for_phones(
    dsn: str, own: Path, tmp_path: Path
) -> None:
    columns = {"id": "text", "phone": {"type": "text?", "personal": "phone", "from": "手机号"}, "amount": "money"}
    put(own, "till.yml", named("till", columns=columns))
    folder = Folder(tmp_path / "outbox")
    folder.put("SALES_20261120.csv", f"id,手机号,amount\nA1,{PHONE},¥12.30\nA2,,0.10\n")
    with warehouse.connect(dsn) as connection:
        landing.prepare(connection)
    sealed = night(dsn, "till", folder.where)
    assert (sealed.status, sealed.rows_new) == ("complete", 2)
    landed = rows(dsn, "select record_key, payload ->> 'phone', payload ->> 'amount' from raw.till__rows order by 1")
    assert [(key, amount) for key, _, amount in landed] == [("A1", "12.30"), ("A2", "0.10")]
    assert landed[0][1] == VAULT.tokenise(discovery.sources()["till"].entities[0].personal["phone"], PHONE).token
    assert landed[1][1] is None


def test_the_nights_books_say_what_is_wrong_with_a_file_and_keep_what_landed_before(
    dsn: str, own: Path, tmp_path: Path
) -> None:
    """The report reads these books: the mistake is on the page that everybody looks at in the morning."""
    put(own, "till.yml", named("till"))
    folder = Folder(tmp_path / "outbox")
    folder.put("SALES_20261120.csv", "id,amount\nA1,1.00\n")
    with warehouse.connect(dsn) as connection:
        landing.prepare(connection)
    assert night(dsn, "till", folder.where).status == "complete"
    put(own, "till.yml", named("till", mode="weekly"))
    sealed = night(dsn, "till", folder.where)
    assert sealed.status == "failed"
    assert "mode" in sealed.error
    said_of = rows(dsn, "select error, remedy from ops.entity_load where status = 'failed'")
    assert all("till.yml" in error and remedy for error, remedy in said_of)
    assert rows(dsn, "select record_key, is_deleted from raw.till__rows") == [("A1", False)]
    assert rows(dsn, "select count(*) from pg_tables where tablename like 'till\\_\\_%%'") == [(2,)]
