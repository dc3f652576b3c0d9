"""A declaration with a mistake in it: a source that fails by itself, every night, with what is wrong in the file."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from quanyu.contracts import Connection, Entity, Mode, Page, Source, Window
from quanyu.errors import ConfigurationError

_NAME = re.compile(r"[a-z][a-z0-9_]{0,29}")


def unusable_source(path: Path, error: ConfigurationError) -> Source | None:
    """Stand in for the source of `path`, under the file's name: each of its entities fails with `error`.

    So the file costs its own source the night and no other, and the night's ledger and report say what is wrong.
    None when the file's name cannot be a source's: nothing could be switched on under it.
    """
    if not _NAME.fullmatch(path.stem):
        return None

    def read(_client: Any, _window: Window) -> Iterator[Page]:
        raise ConfigurationError(error.message, remedy=error.remedy)

    return Source(
        name=path.stem,
        about=f"Cannot be read: {error}",
        connect=_nothing,
        entities=tuple(
            Entity(name=name, key=("id",), fields={"id": "text"}, mode=Mode.INCREMENT, read=read)
            for name in _entities(path)
        ),
    )


@contextmanager
def _nothing(_where: Connection) -> Iterator[None]:
    yield None


def _entities(path: Path) -> list[str]:
    """The entities that the file names, as far as it can be read at all; else one that stands for the file."""
    try:
        said = yaml.safe_load(path.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError):
        said = None
    named = said.get("entities") if isinstance(said, dict) else None
    names = [name for name in named or () if isinstance(name, str) and _NAME.fullmatch(name)]
    return names or ["declaration"]
