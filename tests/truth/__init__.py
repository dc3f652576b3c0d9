"""What a reading of each entity must bring, told from the sandbox's world and not from its platforms.

One module per source, found by looking. `TRUTH["trades"]` has two halves: what happened (record key with version ->
facts) and the same facts as a record tells them. `WIRE` says how the source speaks, where the conformance suite has
to know.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, Literal

from quanyu.contracts import SHANGHAI, Record, Window
from tests.sandbox.world import World
from tests.sandbox.world.facts import Fact

Facts = dict[str, tuple[Any, ...]]


@dataclass(frozen=True)
class Truth:
    """`happened(world, window, end)`: `end` is the midnight until which the world has lived."""

    happened: Callable[[World, Window, datetime], Facts]
    told: Callable[[Record], tuple[Any, ...]]


@dataclass(frozen=True, kw_only=True)
class Wire:
    """How a source speaks.

    speaks: over what; only `http` knows half pages, HTML and status codes.
    token:  what follows the death of its access token: it `renews` itself, a `person` must authorise, or `none` exists.
    drifts: the field that the sandbox's fault `unknown_column` adds to every row; "" where the sandbox has no such.
    bare:   entities whose rows are single values on the wire, which have no room for a further field.
    """

    speaks: Literal["http", "sftp", "sql", "files"] = "http"
    token: Literal["renews", "person", "none"]
    drifts: str = "x_new_field"
    bare: frozenset[str] = frozenset()


def text(at: datetime) -> str:
    """A time as platforms of mainland China write it."""
    return at.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M:%S")


def fen(yuan: str) -> int:
    """Yuan as text, in fen."""
    return int(Decimal(yuan) * 100)


def midnights(window: Window) -> Iterator[tuple[date, datetime, datetime]]:
    """Each day of a window with its two midnights."""
    for day in window.days():
        start = datetime.combine(day, time(), SHANGHAI)
        yield day, start, start + timedelta(days=1)


def of_files(
    facts: Callable[[World], list[Fact]], key: tuple[str, ...], told: tuple[str, ...], version: str = ""
) -> Truth:
    """The truth of daily files: every row of the days, by key and version, with the columns `told` as text."""

    def happened(world: World, window: Window, end: datetime) -> Facts:
        found: Facts = {}
        for fact in world.chapter(facts):
            if window.start <= fact.at < window.end and fact.at < end:
                parts = [str(fact.row[name]) for name in key] + ([_zoned(fact.row[version])] if version else [])
                found["|".join(parts)] = tuple(str(fact.row[column]) for column in told)
        return found

    def says(row: Record) -> tuple[Any, ...]:
        return tuple("" if row.get(column) is None else str(row[column]) for column in told)

    return Truth(happened, says)


def _zoned(wall_clock: str) -> str:
    return datetime.fromisoformat(wall_clock).replace(tzinfo=SHANGHAI).isoformat()


def _modules() -> dict[str, Any]:
    names = [info.name for info in pkgutil.iter_modules(__path__)]
    return {name: importlib.import_module(f"{__name__}.{name}") for name in names}


def truths() -> dict[str, Truth]:
    """`<source>.<entity>` -> what it must bring."""
    return {f"{name}.{entity}": truth for name, module in _modules().items() for entity, truth in module.TRUTH.items()}


def wires() -> dict[str, Wire]:
    """How each source speaks, by name."""
    return {name: module.WIRE for name, module in _modules().items()}
