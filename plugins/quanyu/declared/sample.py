"""A look at what a declaration finds at its connection: some rows of each entity, judged as the night would judge them.

Nothing that is returned holds a value in clear: texts are shown by their form.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo

from quanyu.contracts import Mode, Record
from quanyu.declared.declaration import Column, Declaration, DeclaredEntity
from quanyu.declared.files import Directory
from quanyu.declared.folders import fetched
from quanyu.declared.formats import Row, rows
from quanyu.declared.looks import HIDDEN, is_refused, looks_of, masked, shape
from quanyu.declared.reading import Client, table_of
from quanyu.declared.shaping import Shaper
from quanyu.errors import QuanyuError, Rejected, SchemaDrift

_MOST_PROBLEMS = 8
_SHOWN_NAMES = 3
_MINUTE = len("2026-11-20T23:59")


@dataclass(frozen=True, slots=True)
class SeenColumn:
    """A column as the sample shows it; `type` is empty when the declaration does not name it."""

    name: str
    header: str
    type: str
    personal: str
    filled: int
    example: str


@dataclass(slots=True)
class Sample:
    """What was understood of one entity. `problems` would cost it the night, `warnings` want a person's eye."""

    entity: str
    where: str = ""
    rows: int = 0
    columns: list[SeenColumn] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def look(declaration: Declaration, entity: str, client: Client, *, limit: int, day: date | None = None) -> Sample:
    """Read up to `limit` rows of an entity: of `day`, or of the newest day that has files; of a table, the first ones.

    Never raises what the data or the connection do wrong: that is in `problems`.
    """
    said = declaration.entities[entity]
    seen = Sample(entity)
    judge = _Judge(said, Shaper(said, ZoneInfo(declaration.time_zone)))
    try:
        for origin, place, row in islice(_rows(said, client, seen, judge.shaper.zone, day), limit):
            judge.take(origin, place, row)
    except QuanyuError as error:
        judge.problems[str(error)] += 1
    judge.sum_up(seen)
    return seen


def _rows(
    said: DeclaredEntity, client: Client, seen: Sample, zone: ZoneInfo, day: date | None
) -> Iterator[tuple[str, str, Row]]:
    """Where each row comes from, its place, and the row as it is written there."""
    if client.database is not None:
        table = table_of(said, zone)
        seen.where = f"table {table.name}"
        for page in client.database.whole(table):
            yield from ((table.name, table.name, row) for row in page)
        return
    assert client.folder is not None  # noqa: S101  # a client has one of the two
    there = Directory(said, client.folder)
    day = day or max(there.days, default=date.min)
    found, names = there.of(day)
    files = [name for *_, name in found]
    of_day = f" of {day}" if day > date.min else ""
    seen.where = f"{len(files)} files{of_day}" if len(files) != 1 else files[0]
    if not files:
        shown = ", ".join(sorted(there.top)[:_SHOWN_NAMES]) or "nothing"
        raise Rejected(
            f"no file{of_day} is called {said.files} among {len(there.top)} ({shown}).",
            remedy="correct `files`, or the folder in the connection.",
        )
    for name in files:
        with fetched(client.folder, name, names, is_vouched_for=said.done == "required") as (file, promised):
            count = 0
            for line, row in rows(name, file, said):
                count += 1
                yield name, f"{name} line {line}", row
            if promised not in {-1, count}:
                raise Rejected(f"{name}: it holds {count} rows, its .done says {promised}.")


class _Judge:
    """Gathers what the rows of one entity show."""

    def __init__(self, said: DeclaredEntity, shaper: Shaper) -> None:
        self.said = said
        self.shaper = shaper
        self.problems: Counter[str] = Counter()
        self._rows = 0
        self._values: dict[str, list[Any]] = defaultdict(list)
        self._keys: dict[tuple[Any, ...], Record] = {}
        self._repeated = 0

    def take(self, origin: str, place: str, row: Row) -> None:
        """Shape a row as the night would, and remember what it shows."""
        self._rows += 1
        try:
            record = self.shaper.record(place, row)
        except SchemaDrift as error:
            # One line per column, with the first place where it went wrong.
            self.problems[str(error).replace(f"{place}: ", f"{origin}: ").replace(f"{place} ", f"{origin}: it ")] += 1
            return
        for path, value in _leaves(record, ""):
            self._values[masked(path)].append(value)
        parts = [*self.said.key, *([self.said.version] if self.said.version else [])]
        key = (origin, *(_at(record, part) for part in parts))
        if self._keys.setdefault(key, record) != record:
            self._repeated += 1

    def sum_up(self, seen: Sample) -> None:
        """Write into `seen` what was gathered."""
        seen.rows = self._rows
        seen.problems = [
            f"{text}{f' ({count} rows)' if count > 1 else ''}"
            for text, count in self.problems.most_common(_MOST_PROBLEMS)
        ]
        if self._repeated:
            seen.problems.append(
                f"{self._repeated} rows have the key {', '.join(self.said.key)} of another row and other values: only"
                " the last of them would land. Name more columns in `key`."
            )
        if self.said.mode is Mode.INCREMENT and not self.said.version:
            seen.warnings.append(
                "it has no `version`: a change is dated by the night that read it. Name the column that holds the time"
                " of the change, if there is one."
            )
        for name, column in self.said.columns.items():
            filled = [value for value in self._values.pop(name, []) if value is not None]
            looks = [] if column.personal else looks_of(column.header or name, filled)
            seen.columns.append(_column(name, column, filled, is_hidden=bool(looks)))
            if looks:
                text = f"{name}: {'; '.join(looks)}. Say `personal` if it is, and of which kind."
                _found(seen, text, is_refused=is_refused(name, filled))
            if self._rows and not filled and not self.problems:
                seen.warnings.append(f"{name}: empty in every row of the sample.")
        self._sum_up_undeclared(seen)

    def _sum_up_undeclared(self, seen: Sample) -> None:
        for name, values in self._values.items():
            filled = [value for value in values if not isinstance(value, dict | list | None)]
            if not filled:
                continue
            if not self._is_inside_a_column(name):
                seen.columns.append(SeenColumn(name, "", "", "", len(filled), shape(filled[0])))
            if looks := looks_of(name, filled):
                text = f"{name} is not declared and would land in clear: {'; '.join(looks)}."
                _found(seen, text, is_refused=is_refused(name, filled))

    def _is_inside_a_column(self, path: str) -> bool:
        """Whether the path lies in an object or list that is declared as a whole."""
        return any(
            path.startswith((f"{name}.", f"{name}[]")) and column.kind in {"object", "array"}
            for name, column in self.said.columns.items()
        )


def _found(seen: Sample, text: str, *, is_refused: bool) -> None:
    if is_refused:
        seen.problems.append(f"{text} In clear the raw gate refuses it.")
    else:
        seen.warnings.append(text)


def _column(name: str, column: Column, filled: list[Any], *, is_hidden: bool) -> SeenColumn:
    """`is_hidden`: it looks personal and is not declared so; then not even a number or a date is shown."""
    example = ""
    if filled and column.personal:
        example = HIDDEN
    elif filled and is_hidden:
        example = shape(filled[0])
    elif filled and column.kind in {"date", "time"}:
        example = " … ".join(sorted({min(filled)[:_MINUTE], max(filled)[:_MINUTE]}))
    elif filled and column.kind in {"integer", "number", "money", "boolean"}:
        example = str(filled[0])
    elif filled:
        example = shape(filled[0])
    return SeenColumn(name, column.header or "", column.type, column.personal or "", len(filled), example)


def _leaves(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    """Every value of a record with its path, as a declaration writes paths."""
    if isinstance(value, dict):
        if path:
            yield path, value or None
        for name, inside in value.items():
            yield from _leaves(inside, f"{path}.{name}" if path else name)
    elif isinstance(value, list):
        yield path, value or None
        for item in value:
            yield from _leaves(item, f"{path}[]")
    else:
        yield path, value


def _at(record: Record, path: str) -> Any:
    value: Any = record
    for step in path.split("."):
        value = value.get(step) if isinstance(value, dict) else None
    return value
