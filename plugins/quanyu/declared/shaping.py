"""Rows of a file as records of the declared columns; a column that is missing or does not read as declared is drift."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from zoneinfo import ZoneInfo

from quanyu.contracts import Record
from quanyu.declared.declaration import Column, DeclaredEntity
from quanyu.declared.formats import Row
from quanyu.declared.values import Unreadable, converter
from quanyu.errors import SchemaDrift

_REMEDY = "ask for the agreed form; if the change is meant, adapt the declaration and its staging model."


class Shaper:
    """The columns of one entity, ready for many rows.

    Files of flat rows name columns by their headers; in an object of JSON Lines a dotted path leads to a column.
    What is not declared is handed on as it is.
    """

    def __init__(self, said: DeclaredEntity, zone: ZoneInfo) -> None:
        self.zone = zone
        self._columns = said.columns
        self._is_nested = said.format == "jsonl"
        self._converters: Mapping[str, Callable[[Any], Any]] = {
            name: converter(column.kind, zone) for name, column in said.columns.items()
        }
        self._names = {column.header: name for name, column in said.columns.items() if column.header}

    def record(self, name: str, line: int, row: Row) -> Record:
        """One row of file `name`. Raises SchemaDrift naming line and column, never a value."""
        record: Record = row if self._is_nested else {self._names.get(title, title): row[title] for title in row}
        for path, column in self._columns.items():
            holder, last = self._holder(record, path)
            if holder is None or last not in holder:
                if not column.is_optional:
                    raise SchemaDrift(f"{name} line {line} lacks the column {column.header or path}.", remedy=_REMEDY)
                continue
            holder[last] = self._value(name, line, path, column, holder[last])
        return record

    def _holder(self, record: Record, path: str) -> tuple[Record | None, str]:
        """The object that holds the last name of a path, None when an object on the way is absent."""
        if not self._is_nested:
            return record, path
        *way, last = path.split(".")
        holder: Any = record
        for step in way:
            holder = holder.get(step) if isinstance(holder, dict) else None
        return (holder if isinstance(holder, dict) else None), last

    def _value(self, name: str, line: int, path: str, column: Column, value: Any) -> Any:
        if value is None or (isinstance(value, str) and not value.strip() and column.kind != "text"):
            if column.is_optional:
                return None
            value = "" if value is None else value
        if isinstance(value, str) and not value and column.kind == "text":
            return None if column.is_optional else value
        try:
            return self._converters[path](value)
        except Unreadable:
            raise SchemaDrift(
                f"{name} line {line}: the column {column.header or path} does not read as {column.kind}.",
                remedy=_REMEDY,
            ) from None
