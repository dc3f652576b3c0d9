"""Read the marts and their settings from the dbt project, without dbt: its yml, first lines and tests are enough."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from quanyu.settings import PROJECT

_DBT = PROJECT / "dbt_project"
_MODELS = _DBT / "models" / "marts"
_TESTS = _DBT / "tests" / "marts"

_REF = re.compile(r"ref\(\s*'(\w+)'")
_VARIABLE = re.compile(r"^  (?P<name>\w+):[^#]*(?:#\s*(?P<comment>.*))?$")
_COMMENT = re.compile(r"^  #\s*(?P<comment>.*)$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column of a contract."""

    name: str
    type: str
    description: str
    is_key: bool
    is_personal: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Mart:
    """What a mart says of itself in its yml, its first line and its tests."""

    name: str
    area: str
    description: str
    grain: str
    question: str
    example: str
    key: Sequence[str]
    columns: Sequence[Column]
    truths: Sequence[Path]


@dataclass(frozen=True, slots=True, kw_only=True)
class Variable:
    """One of dbt's `vars`, with the comment above it or behind it."""

    name: str
    value: object
    comment: str


def read_marts() -> list[Mart]:
    """Every mart by area and name; models named `int_` are nobody's to read."""
    properties = _properties()
    files = [path for path in _MODELS.rglob("*.sql") if not path.stem.startswith("int_")]
    return [_mart(path, properties.get(path.stem, {})) for path in sorted(files)]


def read_variables() -> list[Variable]:
    """The windows and thresholds of `dbt_project.yml`; a comment holds for the lines below it, up to an empty one."""
    text = (_DBT / "dbt_project.yml").read_text(encoding="utf-8")
    values = yaml.safe_load(text)["vars"]
    block = text.partition("\nvars:\n")[2]
    found, above, was_comment = [], "", False
    for line in block.splitlines():
        if line and not line.startswith(" "):
            break
        if said := _COMMENT.match(line):
            above = f"{above} {said['comment']}".strip() if was_comment else said["comment"]
        elif named := _VARIABLE.match(line):
            comment = " ".join(filter(None, (above, named["comment"])))
            found.append(Variable(name=named["name"], value=values[named["name"]], comment=comment))
        elif not line.strip():
            above = ""
        was_comment = bool(said)
    return found


def complaints(mart: Mart) -> list[str]:
    """What a reader of the mart would miss, one sentence each, with what to write where."""
    meta = f"config.meta of {mart.name} in dbt_project/models/marts/{mart.area}/_{mart.area}__models.yml"
    found = []
    if not mart.question:
        found.append(f"{mart.name} does not say what it answers: write `question: ...?` into {meta}.")
    elif not mart.question.endswith("?"):
        found.append(f"the question of {mart.name} is none: end it with a question mark in {meta}.")
    if not mart.example:
        found.append(f"{mart.name} has no example query: write `example: |` and a select into {meta}.")
    elif f"marts.{mart.name}" not in mart.example:
        found.append(f"the example of {mart.name} does not read marts.{mart.name}: change it in {meta}.")
    if not mart.grain:
        found.append(f"{mart.name} does not say its grain: begin the first line of its SQL with `-- Grain: one ...`.")
    if not mart.key:
        found.append(f"{mart.name} has no key: write a constraint of type primary_key into its yml.")
    if not mart.truths:
        found.append(
            f"{mart.name} has no truth: write a sentence as dbt_project/tests/marts/{mart.area}/<sentence>.sql."
        )
    return found + [
        f"{mart.name}.{column.name} has no description." for column in mart.columns if not column.description
    ]


def _properties() -> dict[str, dict[str, Any]]:
    documents = [yaml.safe_load(path.read_text(encoding="utf-8")) for path in sorted(_MODELS.rglob("*.yml"))]
    return {model["name"]: model for document in documents for model in document.get("models", [])}


def _mart(path: Path, properties: dict[str, Any]) -> Mart:
    config = properties.get("config", {})
    meta = config.get("meta", {})
    constraints = properties.get("constraints", [])
    key = [name for constraint in constraints if constraint["type"] == "primary_key" for name in constraint["columns"]]
    return Mart(
        name=path.stem,
        area=path.parent.name,
        description=_line(properties.get("description", "")),
        grain=_grain(path.read_text(encoding="utf-8")),
        question=_line(meta.get("question", "")),
        example=meta.get("example", "").strip(),
        key=key,
        columns=[
            Column(
                name=column["name"],
                type=column.get("data_type", ""),
                description=_line(column.get("description", "")),
                is_key=column["name"] in key,
                is_personal="pii" in column.get("config", {}).get("tags", []),
            )
            for column in properties.get("columns", [])
        ],
        truths=[test for test, read in _reads_of_tests() if path.stem in read],
    )


def _reads_of_tests() -> Iterator[tuple[Path, set[str]]]:
    for test in sorted(_TESTS.rglob("*.sql")):
        yield test, set(_REF.findall(test.read_text(encoding="utf-8")))


def _grain(sql: str) -> str:
    """The first sentence of the comment that a model begins with."""
    lines = []
    for line in sql.splitlines():
        if not line.startswith("--"):
            break
        lines.append(line.removeprefix("--").strip())
    grain = _line(" ".join(lines)).removeprefix("Grain:").strip() if sql.startswith("-- Grain:") else ""
    return grain.partition(". ")[0].removesuffix(".")


def _line(text: str) -> str:
    return " ".join(text.split())
