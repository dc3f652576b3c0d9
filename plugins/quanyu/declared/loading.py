"""A YAML file as a declaration. Every mistake is an error that names the file, the place and what to do."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from quanyu.declared.declaration import Declaration
from quanyu.errors import ConfigurationError

_WORDS = {
    "extra_forbidden": "no such key",
    "missing": "is missing",
    "string_type": "must be text, in quotes where YAML takes it for something else",
    "model_type": "must be a mapping of keys",
    "mapping_type": "must be a mapping of keys",
    "dict_type": "must be a mapping of keys",
}


class _Loader(yaml.SafeLoader):
    """YAML in which no key of a mapping may occur twice, and a column may be called `no` or `on`."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        """Raises ConstructorError at the second one."""
        seen: set[str] = set()
        for key in (key for key, _ in node.value if isinstance(key, yaml.ScalarNode)):
            if key.value in seen:
                raise yaml.constructor.ConstructorError(None, None, f"{key.value!r} occurs twice", key.start_mark)
            seen.add(key.value)
        return super().construct_mapping(node, deep=deep)


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in said if first in "tTfF" or not tag.endswith(":bool")]
    for first, said in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def read_declaration(path: Path) -> Declaration:
    """Read a file. Raises ConfigurationError naming every wrong place."""
    name = f"{path.parent.name}/{path.name}"
    try:
        said = yaml.load(path.read_text(encoding="utf-8-sig"), Loader=_Loader)  # noqa: S506
    except OSError:
        raise ConfigurationError(
            f"{path} cannot be read.", remedy="name a YAML file that describes a source."
        ) from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ConfigurationError(
            f"{name} is no YAML{_mark(error)}.", remedy="check indentation, quotes and repeated keys there."
        ) from None
    try:
        return Declaration.model_validate(said)
    except ValidationError as error:
        wrong = "; ".join(_said(name, dict(problem)) for problem in error.errors())
        raise ConfigurationError(f"{wrong}.", remedy="docs/bring-your-own.md lists every key.") from None


def _mark(error: Exception) -> str:
    mark = getattr(error, "problem_mark", None)
    twice = f", {error.problem}" if isinstance(error, yaml.constructor.ConstructorError) and error.problem else ""
    return f" at line {mark.line + 1}{twice}" if mark else ""


def _said(name: str, problem: dict[str, Any]) -> str:
    place = ".".join(str(part) for part in problem["loc"] if part != "[key]") or "the file"
    words = _WORDS.get(problem["type"], problem["msg"].removeprefix("Value error, "))
    return f"{name}, {place}: {words}"
