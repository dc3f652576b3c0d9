"""docs/bring-your-own.md does what it says, and names every key there is and none that there is not."""

from __future__ import annotations

import hashlib
import re
from datetime import date
from pathlib import Path

import pytest
from typer.testing import CliRunner

from quanyu import discovery, gates, landing, warehouse
from quanyu.cli import app
from quanyu.contracts import Connection, Personal
from quanyu.declared.declaration import Column, Declaration, DeclaredEntity
from quanyu.settings import PROJECT
from quanyu.vault import Vault
from tests.unit.landing_kit import rows

DOCUMENT = (PROJECT / "docs" / "bring-your-own.md").read_text(encoding="utf-8")
DAY = date(2026, 11, 20)
VAULT = Vault(bytes(range(32)))


def block(language: str) -> str:
    found = re.findall(rf"```{language}\n(.*?)```", DOCUMENT, re.DOTALL)
    assert len(found) == 1
    return str(found[0])


def table(after: str) -> dict[str, str]:
    """The first table behind a line: words in code of the first column -> the second column."""
    lines = DOCUMENT[DOCUMENT.index(after) + len(after) :].lstrip("\n").splitlines()
    found = {}
    for line in lines[: lines.index("") if "" in lines else None]:
        first, _, rest = line.strip("|").partition("|")
        found |= dict.fromkeys(re.findall(r"`(\w+)`", first), rest)
    return found


@pytest.fixture
def documented(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folders as the document has them: `sources/crm.yml` and, in `examples`, what the CRM drops."""
    (tmp_path / "sources").mkdir()
    (tmp_path / "sources" / "crm.yml").write_text(block("yaml"), encoding="utf-8")
    examples = tmp_path / "examples"
    examples.mkdir()
    members = block("csv").encode()
    promise = f"{hashlib.md5(members).hexdigest()} {len(members)} {members.count(b'M000')}"
    (examples / "MEMBERS_20261120_1.csv").write_bytes(members)
    (examples / "MEMBERS_20261120_1.csv.done").write_text(promise)
    (examples / "POINTS_20261120.jsonl").write_text(block("jsonl"), encoding="utf-8")
    monkeypatch.setenv("QUANYU_SOURCES", str(tmp_path / "sources"))
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_checks_run_as_written_and_find_nothing_wrong(documented: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(
        "AIRFLOW_CONN_QUANYU_CRM", f'{{"conn_type": "x", "host": "{(documented / "examples").as_uri()}"}}'
    )
    monkeypatch.chdir(documented / "sources")
    (documented / "sources" / "examples").symlink_to(documented / "examples")
    commands = re.findall(r"^quanyu (source check .*)$", DOCUMENT, re.MULTILINE)
    assert len(commands) == 2
    for command in commands:
        done = CliRunner().invoke(app, command.split())
        assert done.exit_code == 0, done.output
        assert "2 rows of MEMBERS_20261120_1.csv" in done.output
        assert "1 rows of POINTS_20261120.jsonl" in done.output
        assert "not declared" not in done.output


def test_the_example_lands_as_the_tables_of_types_say(documented: Path, dsn: str) -> None:
    source = discovery.sources()["crm"]
    where = Connection(name="crm", url=(documented / "examples").as_uri(), extra={"account": "brand-1"})
    with warehouse.connect(dsn) as connection:
        landing.prepare(connection)
    for entity in source.entities:
        landing.land(source, entity, where, DAY, dsn=dsn, vault=VAULT, history_days=0)
    gates.check(dsn, "raw", DAY, landing.pens(dsn, DAY, "crm"))
    landing.admit(dsn, DAY, "crm")
    assert landing.seal(dsn, DAY, source).status == "complete"
    members = rows(dsn, "select account, record_key, version, payload from raw.crm__members order by record_key")
    assert [row[:3] for row in members] == [
        ("brand-1", "M0001", "2026-11-20T09:30:00+08:00"),
        ("brand-1", "M0002", "2026-11-20T09:05:00+08:00"),
    ]
    first, second = (row[3] for row in members)
    assert (first["balance_yuan"], first["is_subscribed"], first["level"]) == ("1250.00", True, "金卡")
    assert first["phone"] == VAULT.tokenise(Personal.PHONE, "13812345678").token
    assert first["birthday"] == "--0501"
    assert "王小明" not in str(first)
    assert {name for name, value in second.items() if value is None} == {
        "name", "phone", "birthday", "level", "balance_yuan",
    }  # fmt: skip
    points = rows(dsn, "select record_key, business_date, payload from raw.crm__points")
    assert points == [
        (
            "9007199254740993",
            DAY,
            {
                "entry_id": 9007199254740993,
                "member_no": "M0001",
                "points": -200,
                "booked_at": "2026-11-20T09:30:00+08:00",
                "detail": {"sku": "A-7"},
            },
        )
    ]


def test_every_key_is_documented_and_no_other() -> None:
    def keys(model: type) -> set[str]:
        return {field.alias or name for name, field in model.model_fields.items()}  # type: ignore[attr-defined]

    assert set(table("Of the file:")) == keys(Declaration)
    assert set(table("Of an entity:")) == keys(DeclaredEntity)
    assert set(table("Of a column:")) == keys(Column)


def test_every_type_and_every_kind_of_personal_data_is_documented() -> None:
    from quanyu.declared.declaration import _TYPES

    after = "Text files may be packed: `sales_{day}.csv.gz`."
    assert set(table(after)) == set(_TYPES)
    assert set(table("`buyer.phone`, `lines[].sku`.")) == {kind.value for kind in Personal}


def test_the_staging_models_are_written_as_the_document_says(documented: Path) -> None:
    (command,) = re.findall(r"^quanyu (source scaffold .*)$", DOCUMENT, re.MULTILINE)
    folder = documented / "checkout"
    folder.mkdir()
    done = CliRunner().invoke(app, [*command.replace("crm.yml", "sources/crm.yml").split(), "--into", str(folder)])
    assert done.exit_code == 0, done.output
    assert (folder / "dbt_project/models/staging/crm/stg_crm__members.sql").exists()
