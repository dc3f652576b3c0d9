"""The tree says what is where, and the documents say what is true."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")


def tracked() -> list[Path]:
    names = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"], cwd=ROOT, check=True, capture_output=True
    ).stdout.decode()
    return [ROOT / name for name in names.splitlines() if (ROOT / name).is_file()]


def test_the_top_level_is_what_the_architecture_names() -> None:
    folders = {path.relative_to(ROOT).parts[0] for path in tracked() if len(path.relative_to(ROOT).parts) > 1}
    assert folders == {
        ".ci", "benchmarks", "dags", "dbt_project", "docs", "expectations", "plugins", "superset", "tests",
    }  # fmt: skip


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_to_a_file_leads_somewhere(document: Path) -> None:
    for target in re.findall(r"\]\(([^)#\s]+)", document.read_text(encoding="utf-8")):
        if "://" not in target:
            assert (document.parent / target).exists(), f"{document.name} links to {target}"


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_make_command_in_a_document_exists(document: Path) -> None:
    for target in re.findall(r"\bmake ([a-z][a-z-]*)\b", "\n".join(_code(document))):
        assert re.search(rf"^{target}:", MAKEFILE, re.MULTILINE), f"{document.name} names `make {target}`"


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_path_in_a_document_exists(document: Path) -> None:
    roots = ("dags/", "plugins/", "dbt_project/", "expectations/", "tests/", "docs/")
    for code in re.findall(r"`([^`\n]+)`", document.read_text(encoding="utf-8")):
        if code.startswith(roots) and not re.search(r"[<>*{}\s]", code):
            assert (ROOT / code.split("::")[0]).exists(), f"{document.name} names {code}"


def test_every_make_target_says_what_it_does() -> None:
    lines = MAKEFILE.splitlines()
    targets = [number for number, line in enumerate(lines) if re.match(r"^[a-z-]+:", line)]
    assert targets
    for number in targets:
        assert lines[number - 1].startswith("# "), f"{lines[number]} has no comment line above it"


def test_nothing_names_a_registry_host_or_holds_a_private_key() -> None:
    forbidden = re.compile(r"pypi\.org|pythonhosted|registry\.npmjs|deb\.debian|BEGIN (RSA |OPENSSH |EC )?PRIVATE KEY")
    for path in tracked():
        if path == Path(__file__):
            continue
        text = path.read_text(encoding="utf-8", errors="ignore")
        found = forbidden.search(text)
        assert not found, f"{path.relative_to(ROOT)} holds {found.group() if found else ''}"


def test_dag_files_are_timetables_of_at_most_sixty_lines() -> None:
    files = sorted((ROOT / "dags").glob("*.py"))
    assert [path.stem for path in files] == ["activate", "ingest", "transform"]
    for path in files:
        assert len(path.read_text(encoding="utf-8").splitlines()) <= 60, path.name


def _code(document: Path) -> list[str]:
    text = document.read_text(encoding="utf-8")
    return re.findall(r"```.*?```", text, re.DOTALL) + re.findall(r"`[^`\n]+`", text)
