"""Rows of a file as records of the declared columns; a column that is missing or does not read as declared is drift."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any
from zoneinfo import ZoneInfo

from quanyu.contracts import Record
from quanyu.declared.declaration import Column, DeclaredEntity
from quanyu.declared.formats import Row
from quanyu.declared.values import Unreadable, converter, plain
from quanyu.errors import SchemaDrift

_REMEDY = "ask for the agreed form; if the change is meant, adapt the declaration and its staging model."
_ITEM = "[]"


class Shaper:
    """The columns of one entity, ready for many rows.

    A column is found by its header; in a nested row a path leads to it (`body.phone`, `lines[].sku`). What is not
    declared is handed on as JSON has it, or dropped where that is said.
    """

    def __init__(self, said: DeclaredEntity, zone: ZoneInfo) -> None:
        self.zone = zone
        self._columns = said.columns
        self._nulls = frozenset(said.nulls)
        self._paths = {name: _path(name) if said.is_nested else [name] for name in said.columns}
        self._places = _places(said, self._paths) if said.undeclared == "drop" else None
        self._converters: Mapping[str, Callable[[Any], Any]] = {
            name: converter(column.kind, zone) for name, column in said.columns.items()
        }
        self._required = {name for name, column in said.columns.items() if not column.is_optional}
        # What lies in an object or a list that may be absent is needed where that is there.
        optional = [name for name in said.columns if name not in self._required]
        self._needed = {name for name in self._required if not name.startswith(_inside(optional))}
        self._names = {
            column.header or name: name for name, column in said.columns.items() if len(self._paths[name]) == 1
        }

    def record(self, place: str, row: Row) -> Record:
        """The row that stands at `place`. Raises SchemaDrift naming place and column, never a value."""
        record: Record = {}
        for title, value in row.items():
            name = self._names.get(title)
            if self._places is not None:
                if name is None and title not in self._places:
                    continue
                value = _kept(value, self._places[name or title])  # noqa: PLW2901
            if name is None and title in self._columns:
                raise SchemaDrift(
                    f"{place} has a column {title} besides {self._columns[title].header}, declared as {title}.",
                    remedy="give the column another name in the declaration and its staging model.",
                )
            record[name or title] = value if name else plain(value)
        for name, column in self._columns.items():
            for holder, last in _cells(record, self._paths[name]):
                if holder is not None and (isinstance(last, int) or last in holder):
                    holder[last] = self._value(place, name, column, holder[last])
                elif name in (self._needed if holder is None else self._required):
                    raise SchemaDrift(f"{place} lacks the column {column.header or name}.", remedy=_REMEDY)
        return record

    def _value(self, place: str, name: str, column: Column, value: Any) -> Any:
        if value is None or (isinstance(value, str) and self._is_nothing(column.kind, value)):
            if column.is_optional:
                return None
            raise SchemaDrift(f"{place}: the column {column.header or name} is empty.", remedy=_REMEDY)
        try:
            return self._converters[name](value)
        except Unreadable as error:
            raise SchemaDrift(
                f"{place}: the column {column.header or name} does not read as {column.kind}.",
                remedy=error.remedy or _REMEDY,
            ) from None

    def _is_nothing(self, kind: str, text: str) -> bool:
        return not text or text in self._nulls or (kind != "text" and not text.strip())


def _places(said: DeclaredEntity, paths: Mapping[str, list[str]]) -> dict[str, Any]:
    """The declared places as a tree; below one that is declared as a whole there is nothing more to say."""
    tree: dict[str, Any] = {}
    for path in paths.values():
        node = tree
        for step in path:
            node = node.setdefault(step, {})
    for name, column in said.columns.items():
        if column.kind in {"object", "array"}:
            node = tree
            for step in paths[name][:-1]:
                node = node.get(step, {})
            node[paths[name][-1]] = {}
    return tree


def _kept(value: Any, places: Mapping[str, Any]) -> Any:
    """What of a value is declared."""
    if not places:
        return value
    if isinstance(value, dict):
        return {name: _kept(item, places[name]) for name, item in value.items() if name in places}
    if isinstance(value, list):
        return [_kept(item, places[_ITEM]) for item in value] if _ITEM in places else []
    return value


def _inside(names: Sequence[str]) -> tuple[str, ...]:
    """How the paths of what lies in objects or lists of these names begin."""
    return tuple(f"{name}{mark}" for name in names for mark in (".", _ITEM))


def _path(name: str) -> list[str]:
    """`lines[].sku` as its steps: lines, [], sku."""
    return name.replace(_ITEM, f".{_ITEM}").split(".")


def _cells(value: Any, path: list[str]) -> Iterator[tuple[Any, Any]]:
    """Where the values of a path stand, as (object or list, name or index); (None, name) where the way ends early."""
    step, *rest = path
    if step == _ITEM:
        if not isinstance(value, list):
            yield None, step
            return
        for index, item in enumerate(value):
            yield from _cells(item, rest) if rest else [(value, index)]
    elif not isinstance(value, dict):
        yield None, step
    elif rest:
        yield from _cells(value.get(step), rest)
    else:
        yield value, step
