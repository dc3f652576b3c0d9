"""The first files of a source: they stand in the right places, break nothing, and say what is still to be written."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from quanyu.cli import app
from quanyu.declared import read_declaration
from quanyu.declared.scaffolding import scaffold_source, scaffold_staging
from quanyu.errors import ConfigurationError
from quanyu.settings import PROJECT
from tests.unit.declared_kit import said

NAME = "pet_clinic"


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project with a new source in it."""
    copy = tmp_path_factory.mktemp("checkout")
    ignored = shutil.ignore_patterns("__pycache__", "target", "logs", "dbt_packages")
    for name in ("plugins", "tests", "dbt_project", "expectations", "dags", ".ci"):
        shutil.copytree(PROJECT / name, copy / name, ignore=ignored)
    for name in ("pyproject.toml", ".sqlfluff", ".yamllint", ".gitignore"):
        shutil.copy(PROJECT / name, copy / name)
    done = CliRunner().invoke(app, ["source", "scaffold", NAME, "--into", str(copy)])
    assert done.exit_code == 0, done.output
    assert f"-k {NAME}" in done.output
    return copy


def run(checkout: Path, *command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", *command], cwd=checkout, capture_output=True, text=True, timeout=500, check=False
    )


def conformance(checkout: Path, *selected: str) -> subprocess.CompletedProcess[str]:
    return run(checkout, "pytest", "-q", "-p", "no:cacheprovider", "tests/conformance/test_sources.py", *selected)


def test_everything_of_a_source_has_its_first_file(tmp_path: Path) -> None:
    """What the conformance suite, the sandbox, the truth and staging look for; and nothing else."""
    names = {path.format(name=NAME) for path in (
        "plugins/quanyu/sources/{name}/__init__.py", "plugins/quanyu/sources/{name}/client.py",
        "plugins/quanyu/sources/{name}/__main__.py", "tests/sandbox/{name}.py",
        "tests/sandbox/world/systems/{name}.py", "tests/truth/{name}.py",
        "dbt_project/models/staging/{name}/_{name}__sources.yml",
        "dbt_project/models/staging/{name}/_{name}__models.yml",
        "dbt_project/models/staging/{name}/stg_{name}__records.sql",
    )}  # fmt: skip
    written = scaffold_source(NAME, tmp_path)
    assert {str(path.relative_to(tmp_path)) for path in written} == names
    assert all(path.read_text(encoding="utf-8").strip() for path in written)


def test_the_conformance_suite_fails_for_the_new_source_and_says_what_to_write(checkout: Path) -> None:
    done = conformance(checkout, "-k", f"exactly_what_happened and {NAME}")
    assert done.returncode == 1, done.stdout + done.stderr
    assert "2 failed" in done.stdout
    assert f"write `records` in plugins/quanyu/sources/{NAME}/client.py" in done.stdout
    assert f"tests/truth/{NAME}.py" in done.stdout


def test_nothing_else_breaks(checkout: Path) -> None:
    """Other sources are read as before, and what the scaffold can already do it does."""
    chosen = (
        f"every_entity_has_a_truth or (exactly_what_happened and (leads or xiaohongshu.campaigns))"
        f" or ((incomplete_connection or without_connection) and {NAME})"
    )
    done = conformance(checkout, "-k", chosen)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr
    others = (
        "tests/architecture/test_layers.py",
        "tests/unit/test_discovery.py",
        "tests/architecture/test_segment_meta.py",
    )
    done = run(
        checkout, "pytest", "-q", "-p", "no:cacheprovider", *others, "-k", f"{NAME} or found or every_folder or layer"
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr


def test_dbt_reads_the_project_with_its_staging_in_it(checkout: Path, tmp_path: Path) -> None:
    done = run(
        checkout, "dbt.cli.main", "parse", "--project-dir", "dbt_project", "--profiles-dir", "dbt_project",
        "--target-path", str(tmp_path), "--log-path", str(tmp_path), "--vars", '{"business_date": "2026-11-20"}',
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr
    nodes = json.loads((tmp_path / "manifest.json").read_text(encoding="utf-8"))["nodes"]
    model = nodes[f"model.quanyu.stg_{NAME}__records"]
    assert model["depends_on"]["nodes"] == [f"source.quanyu.{NAME}.{NAME}__records"]
    tested = [
        node
        for node in nodes.values()
        if node["resource_type"] == "test" and model["unique_id"] in node["depends_on"]["nodes"]
    ]
    assert [node["test_metadata"]["name"] for node in tested] == ["grain"], "its key is unique and never null"


def test_what_is_written_has_the_projects_own_hand(checkout: Path) -> None:
    folders = [f"plugins/quanyu/sources/{NAME}", f"tests/sandbox/{NAME}.py", f"tests/truth/{NAME}.py",
               f"tests/sandbox/world/systems/{NAME}.py"]  # fmt: skip
    staging = f"dbt_project/models/staging/{NAME}"
    for command in (
        ("ruff", "check", "--no-cache", *folders),
        ("ruff", "format", "--check", "--no-cache", *folders),
        ("yamllint", "--strict", staging),
        ("sqlfluff", "lint", staging),
    ):
        done = run(checkout, *command)
        assert done.returncode == 0, f"{command[0]}: {done.stdout}{done.stderr}"


def test_nothing_is_written_over(tmp_path: Path) -> None:
    mine = tmp_path / "tests" / "truth" / f"{NAME}.py"
    mine.parent.mkdir(parents=True)
    mine.write_text("mine")
    with pytest.raises(ConfigurationError, match=r"is there already; nothing was written"):
        scaffold_source(NAME, tmp_path)
    assert mine.read_text() == "mine"
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [mine]


@pytest.mark.parametrize("name", ["", "Crm", "1st", "my-shop", "a" * 31, "class", "../x"])
def test_a_name_that_can_be_no_source_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigurationError):
        scaffold_source(name, tmp_path)
    assert not list(tmp_path.iterdir())


# --- staging of a declared source


def staged(tmp_path: Path, **entity: object) -> dict[str, str]:
    file = tmp_path / "till.yml"
    file.write_text(yaml.safe_dump(said(**entity), allow_unicode=True), encoding="utf-8")
    return {path.name: path.read_text(encoding="utf-8") for path in scaffold_staging(read_declaration(file), tmp_path)}


COLUMNS = {
    "order_no": "text",
    "phone": {"type": "text?", "personal": "phone", "from": "手机号"},
    "birthday": {"type": "date?", "personal": "birthday"},
    "channel": "text?",
    "pieces": "integer",
    "weight": "number?",
    "paid_yuan": "money",
    "is_gift": "boolean?",
    "due_on": "date?",
    "paid_at": "time",
}


def test_each_declared_column_becomes_a_column_of_its_type(tmp_path: Path) -> None:
    texts = staged(tmp_path, columns=COLUMNS, key=["order_no"], mode="increment", version="paid_at")
    assert set(texts) == {"_till__sources.yml", "_till__models.yml", "stg_till__rows.sql"}
    sql = texts["stg_till__rows.sql"]
    assert sql.startswith("-- Grain: one row per order_no, newest version.\n")
    for line in (
        "{{ json_text('payload', 'order_no') }} as order_no",
        "{{ json_text('payload', 'phone') }} as phone_token",
        "{{ json_text('payload', 'birthday') }} as birthday_mmdd",
        "{{ json_text('payload', 'channel') }} as channel",
        "{{ integer_number(json_text('payload', 'pieces')) }} as pieces",
        "{{ number(json_text('payload', 'weight')) }} as weight",
        "{{ fen(json_text('payload', 'paid_yuan')) }} as paid_fen",
        "cast({{ json_text('payload', 'is_gift') }} as boolean) as is_gift",
        "cast({{ json_text('payload', 'due_on') }} as date) as due_on",
        "{{ zoned_time(json_text('payload', 'paid_at')) }} as paid_at",
    ):
        assert line in sql
    order = [line.strip(" -") for line in sql.splitlines() if line.strip().startswith("-- ") and "Grain" not in line]
    assert order == ["ids", "strings", "numerics", "booleans", "timestamps"]


def test_the_properties_name_the_key_the_headers_and_what_is_personal(tmp_path: Path) -> None:
    texts = staged(tmp_path, columns=COLUMNS, key=["order_no"])
    model = yaml.safe_load(texts["_till__models.yml"])["models"][0]
    grain = {"columns": ["brand", "order_no"], "never_null": ["order_no"]}
    assert model["data_tests"] == [{"grain": {"arguments": grain}}]
    columns = {column["name"]: column for column in model["columns"]}
    assert columns["order_no"] == {"name": "order_no"}
    assert columns["phone_token"]["config"] == {"tags": ["pii"]}
    assert columns["phone_token"]["description"].startswith("手机号. ")
    source = yaml.safe_load(texts["_till__sources.yml"])["sources"][0]
    assert (source["schema"], [table["name"] for table in source["tables"]]) == ("raw", ["till__rows"])


def test_paths_get_names_and_lists_are_left_to_a_model_of_their_own(tmp_path: Path) -> None:
    columns = {"id": "text", "body": "object?", "body.FromUserName": "text?", "lines[].sku": "text?", "tags": "array?"}
    texts = staged(tmp_path, files="E_{day}.jsonl", format="jsonl", columns=columns)
    sql = texts["stg_till__rows.sql"]
    assert "{{ json_text('payload', 'body', 'FromUserName') }} as body_from_user_name" in sql
    assert "lines" not in sql
    assert "tags" not in sql


def test_two_columns_of_one_name_are_refused(tmp_path: Path) -> None:
    columns = {"id": "text", "a.b": "text?", "a_b": "text?"}
    with pytest.raises(ConfigurationError, match="two columns would be called a_b"):
        staged(tmp_path, files="E_{day}.jsonl", format="jsonl", columns=columns)


def test_the_command_takes_a_name_or_a_file(tmp_path: Path) -> None:
    both = CliRunner().invoke(app, ["source", "scaffold", "crm", "--from", "x.yml", "--into", str(tmp_path)])
    neither = CliRunner().invoke(app, ["source", "scaffold", "--into", str(tmp_path)])
    assert (both.exit_code, neither.exit_code) == (1, 1)
    file = tmp_path / "till.yml"
    file.write_text(yaml.safe_dump(said()), encoding="utf-8")
    done = CliRunner().invoke(app, ["source", "scaffold", "--from", str(file), "--into", str(tmp_path)])
    assert done.exit_code == 0, done.output
    assert (tmp_path / "dbt_project/models/staging/till/stg_till__rows.sql").exists()
