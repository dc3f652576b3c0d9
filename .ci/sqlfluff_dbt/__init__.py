"""The names that dbt gives to templates, so that sqlfluff renders the project without dbt and without a database."""

import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NoReturn

import yaml
from jinja2 import pass_context
from jinja2.runtime import Context, Macro


@pass_context
def _dispatch(context: Context, name: str) -> Macro:
    return context.get(f"postgres__{name}") or context[f"default__{name}"]


def _refuse(message: str) -> NoReturn:
    raise ValueError(message)


adapter = SimpleNamespace(dispatch=_dispatch)
modules = SimpleNamespace(re=re)
exceptions = SimpleNamespace(raise_compiler_error=_refuse)
dbt = SimpleNamespace(
    type_string=lambda: "text",
    dateadd=lambda part, count, moment: f"{moment} + ((interval '1 {part}') * ({count}))",
)


_PROJECT = Path(__file__).resolve().parents[2] / "dbt_project" / "dbt_project.yml"
_VARS = {"business_date": "2026-11-20"} | yaml.safe_load(_PROJECT.read_text(encoding="utf-8"))["vars"]


def var(name: str, default: str = "") -> Any:
    """What the project says; any date will do, since nothing is run."""
    return _VARS.get(name, default)


def is_delta() -> bool:
    """Lint what a delta adds too: it is the longer text."""
    return True


def last_build(name: str) -> str:
    """A table of the last build."""
    return f"identity.{name}"


def beside_resolution(name: str) -> str:
    """A table that the engine keeps."""
    return f"identity.int_identity__{name}"


def last_mart(name: str) -> str:
    """A mart of the last build."""
    return f"marts_build.{name}"


def where_changed(column: str, changed: str) -> str:
    """Only what changed."""
    return f"where {column} in (select changed.{column} from {changed} as changed)"


def where_changed_since(relation: str, column: str, day: str, changed: str, days: int) -> str:
    """Only what changed, and what looks ahead to it."""
    of_one = f"{relation}.{column} = changed.{column} and {relation}.{day} >= (changed.since_on + {-days})"
    return f"where exists (select 1 from {changed} as changed where {of_one})"


def changes_of(relation: str) -> str:
    """What a delta took out and put in."""
    return f"(select *, 1 as sign from {relation})"
