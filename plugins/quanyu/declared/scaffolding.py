"""The first files of a source: code, sandbox and truth of one to be written, or the staging models of a declared one.

Nothing is ever written over: when one of the files is there already, none is written.
"""

from __future__ import annotations

import json
import keyword
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from quanyu.contracts import Mode, Personal
from quanyu.declared.declaration import Column, Declaration, DeclaredEntity
from quanyu.errors import ConfigurationError

_FILES = {
    "plugins/quanyu/sources/{name}/__init__.py": "source.py.j2",
    "plugins/quanyu/sources/{name}/client.py": "client.py.j2",
    "plugins/quanyu/sources/{name}/__main__.py": "main.py.j2",
    "tests/sandbox/{name}.py": "sandbox.py.j2",
    "tests/sandbox/world/systems/{name}.py": "world.py.j2",
    "tests/truth/{name}.py": "truth.py.j2",
}
_STAGING = "dbt_project/models/staging/{name}"
_GROUPS = ("ids", "strings", "numerics", "booleans", "timestamps")
_IDS = re.compile(r"(^|_)(id|no|code|card|sku|uid|openid|unionid|token)$")

# Types whose values staging reads as what they are; objects and lists stay in raw until a model takes them apart.
_CASTS = {
    "text": "{{{{ {text} }}}}",
    "integer": "{{{{ integer_number({text}) }}}}",
    "number": "{{{{ number({text}) }}}}",
    "money": "{{{{ fen({text}) }}}}",
    "boolean": "cast({{{{ {text} }}}} as boolean)",
    "date": "cast({{{{ {text} }}}} as date)",
    "time": "{{{{ zoned_time({text}) }}}}",
}


@dataclass(frozen=True, slots=True)
class StagedColumn:
    """One line of a staging model and what its properties say of it."""

    group: str
    expression: str
    name: str
    is_key: bool
    is_personal: bool
    description: str


@dataclass(frozen=True, slots=True)
class StagedModel:
    """One staging model: its entity, its grain, its columns by group."""

    entity: str
    grain: str
    columns: tuple[StagedColumn, ...]

    @property
    def groups(self) -> list[tuple[str, list[StagedColumn]]]:
        """The columns as the project orders them, without groups that have none."""
        found = [(group, [column for column in self.columns if column.group == group]) for group in _GROUPS]
        return [(group, columns) for group, columns in found if columns]

    @property
    def key(self) -> list[str]:
        """The names of the key's columns."""
        return [column.name for column in self.columns if column.is_key]

    @property
    def described(self) -> list[StagedColumn]:
        """The columns about which there is something to say."""
        return [column for column in self.columns if column.is_key or column.description or column.is_personal]


def scaffold_source(name: str, into: Path) -> list[Path]:
    """Write a new source with one entity, whose conformance test fails until client and truth are written."""
    if not re.fullmatch(r"[a-z][a-z0-9_]{0,29}", name) or keyword.iskeyword(name):
        raise ConfigurationError(
            f"{name!r} is no name of a source.", remedy="use at most 30 small letters, digits and _, a letter first."
        )
    words = {"name": name, "title": name.replace("_", " ").capitalize(), "class": name.title().replace("_", "")}
    columns = (
        StagedColumn("ids", "{{ json_text('payload', 'id') }}", "id", is_key=True, is_personal=False, description=""),
        StagedColumn("timestamps", "{{ shanghai_time(json_text('payload', 'updated_at')) }}", "updated_at",
                     is_key=False, is_personal=False, description=""),
    )  # fmt: skip
    models = [StagedModel("records", "one row per record, newest version.", columns)]
    texts = {path.format(name=name): _rendered(template, words) for path, template in _FILES.items()}
    return _written(into, texts | _staging(name, f"{words['title']}, as the platform says it.", models))


def scaffold_staging(declaration: Declaration, into: Path) -> list[Path]:
    """Write the staging models of a declared source: a typed column for each declared one."""
    models = [_model(name, said) for name, said in declaration.entities.items()]
    return _written(into, _staging(declaration.name, declaration.about, models))


def _staging(name: str, about: str, models: list[StagedModel]) -> dict[str, str]:
    folder = _STAGING.format(name=name)
    # JSON is YAML: whatever somebody wrote about a source is one quoted line.
    words = {"name": name, "about": json.dumps(about.strip().splitlines()[0], ensure_ascii=False), "models": models}
    texts = {
        f"{folder}/_{name}__sources.yml": _rendered("sources.yml.j2", words),
        f"{folder}/_{name}__models.yml": _rendered("models.yml.j2", words),
    }
    for model in models:
        texts[f"{folder}/stg_{name}__{model.entity}.sql"] = _rendered("staging.sql.j2", words | {"model": model})
    return texts


def _model(entity: str, said: DeclaredEntity) -> StagedModel:
    newest = ", newest version" if said.mode is Mode.INCREMENT else ""
    columns = tuple(_columns(said))
    names = [column.name for column in columns]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise ConfigurationError(
            f"{entity}: two columns would be called {', '.join(twice)} in staging.", remedy="rename one of them."
        )
    return StagedModel(entity, f"one row per {', '.join(said.key)}{newest}.", columns)


def _columns(said: DeclaredEntity) -> Iterator[StagedColumn]:
    for path, column in said.columns.items():
        if column.kind not in _CASTS or "[]" in path:
            continue
        steps = ", ".join(f"'{step}'" for step in path.split("."))
        kind = "text" if column.personal else column.kind
        yield StagedColumn(
            group=_group(path, column, is_key=path in said.key),
            expression=_CASTS[kind].format(text=f"json_text('payload', {steps})"),
            name=_name(path, column),
            is_key=path in said.key,
            is_personal=column.personal is not None,
            description=_description(column),
        )


def _group(path: str, column: Column, *, is_key: bool) -> str:
    if column.personal or is_key:
        return "ids"
    return {
        "text": "ids" if _IDS.search(path) else "strings",
        "boolean": "booleans",
        "date": "timestamps",
        "time": "timestamps",
    }.get(column.kind, "numerics")


def _name(path: str, column: Column) -> str:
    """`body.FromUserName` as body_from_user_name; what lands as a token, and money, say so."""
    name = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", path.replace(".", "_")).lower()
    if column.personal is Personal.BIRTHDAY:
        return f"{name}_mmdd"
    if column.personal:
        return f"{name}_token"
    return f"{name.removesuffix('_yuan')}_fen" if column.kind == "money" else name


def _description(column: Column) -> str:
    header = f"{column.header}. " if column.header else ""
    if column.personal is Personal.BIRTHDAY:
        return f"{header}Month and day; the year does not land."
    return f"{header}Token; the value itself is in the vault." if column.personal else header.strip()


def _rendered(template: str, words: Mapping[str, Any]) -> str:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).with_name("templates")),
        # Braces belong to dbt and to Python.
        variable_start_string="<<",
        variable_end_string=">>",
        block_start_string="<%",
        block_end_string="%>",
        keep_trailing_newline=True,
        undefined=StrictUndefined,
        autoescape=False,  # noqa: S701  # SQL, YAML and Python, no HTML
    )
    return environment.get_template(template).render(words)


def _written(into: Path, texts: Mapping[str, str]) -> list[Path]:
    paths = {into / path: text for path, text in texts.items()}
    if there := [path for path in paths if path.exists()]:
        raise ConfigurationError(
            f"{there[0]} is there already; nothing was written.", remedy="take another name, or move it away."
        )
    for path, text in paths.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return list(paths)
