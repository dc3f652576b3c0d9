"""A source declared for one test, and what it reads out of a folder on this machine."""

from __future__ import annotations

import hashlib
import io
import itertools
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow
import yaml
from pyarrow import parquet

from quanyu.contracts import Connection, Page, Record, Source, Window
from quanyu.declared import declared_source

DAY = date(2026, 11, 20)
TODAY = Window.of_days(DAY, DAY)
PHONE = "13812345678"

_numbers = itertools.count(1)

CSV: dict[str, Any] = {
    "files": "SALES_{day}.csv",
    "format": "csv",
    "mode": "daily",
    "key": ["id"],
    "columns": {"id": "text", "amount": "number?"},
}
"""An entity that is sound; a test says what it wants otherwise."""


def said(**entity: Any) -> dict[str, Any]:
    """What the YAML file of one entity, `rows`, holds; a key that is None is left out."""
    wanted = {key: value for key, value in (CSV | entity).items() if value is not None}
    return {"name": "till", "about": "A till of our own.", "entities": {"rows": wanted}}


def declare(folder: Path, content: Mapping[str, Any] | None = None, **entity: Any) -> Source:
    """The source that such a file declares."""
    file = folder / f"declared_{next(_numbers)}.yml"
    file.write_text(yaml.safe_dump(content or said(**entity), allow_unicode=True), encoding="utf-8")
    return declared_source(file)


def pages(source: Source, where: Connection, window: Window = TODAY, waits: list[float] | None = None) -> list[Page]:
    """Everything that a reading yields; a wait is written down and not waited."""
    connect: Any = source.connect
    with connect(where, sleep=(waits if waits is not None else []).append) as client:
        return list(source.entities[0].read(client, window))


def records(read: Iterable[Page]) -> list[Record]:
    """The records of pages, one after the other."""
    return [record for page in read for record in page.records]


class Folder:
    """A folder of files and the connection to it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.mkdir()
        self.where = Connection(name="till", url=path.as_uri())

    def put(self, name: str, content: bytes | str, *, rows: int | None = None) -> None:
        """Write a file; with `rows` also its `.done`."""
        data = content.encode() if isinstance(content, str) else content
        (self.path / name).write_bytes(data)
        if rows is not None:
            (self.path / f"{name}.done").write_text(f"{hashlib.md5(data).hexdigest()} {len(data)} {rows}")

    def read(self, source: Source, window: Window = TODAY) -> list[Record]:
        """The records of a window."""
        return records(pages(source, self.where, window))


def workbook(*lines: Sequence[Any], sheet: str = "Sheet1", before: str = "") -> bytes:
    """An Excel file with these rows, the first being the header; `before` names an empty sheet in front."""
    book = openpyxl.Workbook()
    active = book.active
    assert active is not None
    active.title = sheet
    for line in lines:
        active.append(list(line))
    if before:
        book.create_sheet(before, 0)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def parquet_of(table: pyarrow.Table) -> bytes:
    """A Parquet file."""
    file = io.BytesIO()
    parquet.write_table(table, file)
    return file.getvalue()
