"""What the files of the dbt project say, as one digest: whoever rests on some of them notices that they changed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

_WRITTEN_BY_DBT = {"target", "logs", "dbt_packages"}


def digest(project: Path, patterns: Iterable[str]) -> str:
    """Hex SHA-256 over names and bytes of the files that match any of the globs, what dbt itself writes left out."""
    found = {path.relative_to(project): path for pattern in patterns for path in project.glob(pattern)}
    said = hashlib.sha256()
    for name in sorted(found):
        if name.parts[0] not in _WRITTEN_BY_DBT and found[name].is_file():
            said.update(f"\0{name.as_posix()}\0".encode() + found[name].read_bytes())
    return said.hexdigest()
