"""What systems write into files: rows with the moment they are about and whoever they are about."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class Fact:
    """One row of a file; `at` decides the day whose file holds it, `person` is empty where nobody is behind it."""

    at: datetime
    row: dict[str, Any]
    person: str = ""


def in_order(facts: Iterable[Fact]) -> list[Fact]:
    """Oldest first."""
    return sorted(facts, key=lambda fact: fact.at)


def text(at: datetime | None) -> str:
    """A time as systems of mainland China write it; empty for none."""
    return at.strftime("%Y-%m-%d %H:%M:%S") if at else ""


def yuan(fen: int) -> str:
    """Fen as yuan with two decimals."""
    return f"{'-' if fen < 0 else ''}{abs(fen) // 100}.{abs(fen) % 100:02d}"
