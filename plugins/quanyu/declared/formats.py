"""Files as rows, one after the other: where a row stands, and its values by header. Nothing is held but a page."""

from __future__ import annotations

import codecs
import csv
import io
import json
import zipfile
from collections.abc import Iterator
from decimal import Decimal
from typing import IO, Any

from quanyu.declared.declaration import DeclaredEntity
from quanyu.errors import Rejected

Row = dict[str, Any]
_CHUNK = 2**20


def rows(name: str, file: IO[bytes], entity: DeclaredEntity) -> Iterator[tuple[int, Row]]:
    """Read a file in its declared format: (line or row number, values by header).

    JSON Lines may be nested: the row is the object. Raises Rejected, naming the line and never a value.
    """
    match entity.format:
        case "csv" | "tsv":
            delimiter = entity.delimiter or ("\t" if entity.format == "tsv" else ",")
            yield from _separated(name, file, entity, delimiter)
        case "jsonl":
            yield from _json_lines(name, file, entity)
        case "excel":
            yield from _sheet(name, file, entity.sheet)
        case _:
            yield from _parquet(name, file)


def _separated(name: str, file: IO[bytes], entity: DeclaredEntity, delimiter: str) -> Iterator[tuple[int, Row]]:
    reader = csv.reader(_text(name, file, entity.encoding), delimiter=delimiter, strict=True)
    try:
        header = [title.strip() for title in next(reader, [])]
        if not header:
            raise _unreadable(name, "it is empty, not even a header")
        if len(set(header)) != len(header):
            raise _unreadable(name, "a column name occurs twice")
        for values in reader:
            if not values:
                continue
            if len(values) != len(header):
                raise _unreadable(name, f"line {reader.line_num} has {len(values)} of {len(header)} columns")
            yield reader.line_num, dict(zip(header, values, strict=True))
    except csv.Error as error:
        raise _unreadable(name, f"line {reader.line_num}: {error}") from None


def _json_lines(name: str, file: IO[bytes], entity: DeclaredEntity) -> Iterator[tuple[int, Row]]:
    for number, line in enumerate(_text(name, file, entity.encoding), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line, parse_float=Decimal)
        except ValueError:
            row = None
        if not isinstance(row, dict):
            raise _unreadable(name, f"line {number} is no JSON object")
        yield number, row


def _sheet(name: str, file: IO[bytes], sheet: str | None) -> Iterator[tuple[int, Row]]:
    import openpyxl
    from openpyxl.utils.exceptions import InvalidFileException

    try:
        book = openpyxl.load_workbook(file, read_only=True, data_only=True)
    except (zipfile.BadZipFile, InvalidFileException, KeyError):
        raise _unreadable(name, "it is no Excel workbook (.xlsx)") from None
    try:
        if sheet is not None and sheet not in book.sheetnames:
            raise _unreadable(name, f"it has no sheet {sheet!r}")
        lines = (book[sheet] if sheet is not None else book.worksheets[0]).iter_rows(values_only=True)
        header = [str(title).strip() if title is not None else "" for title in next(lines, ())]
        named = [title for title in header if title]
        if len(set(named)) != len(named):
            raise _unreadable(name, "a column name occurs twice")
        for number, values in enumerate(lines, 2):
            row = {title: value for title, value in zip(header, values, strict=False) if title}
            if any(value is not None for value in row.values()):
                yield number, row
    finally:
        book.close()


def _parquet(name: str, file: IO[bytes]) -> Iterator[tuple[int, Row]]:
    import pyarrow
    from pyarrow import parquet

    try:
        batches = parquet.ParquetFile(file).iter_batches(batch_size=2_000)
        number = 0
        for batch in batches:
            for row in batch.to_pylist():
                number += 1
                yield number, row
    except pyarrow.ArrowInvalid:
        raise _unreadable(name, "it is no Parquet file") from None


def _text(name: str, file: IO[bytes], encoding: str | None) -> io.TextIOBase:
    """The file as text; of an unnamed encoding UTF-8 (with or without a mark), else GB18030."""
    for candidate in [encoding] if encoding else ["utf-8-sig", "gb18030"]:
        if _decodes(file, candidate):
            file.seek(0)
            return io.TextIOWrapper(file, encoding=candidate, newline="")
    raise _unreadable(name, f"it is not {encoding}" if encoding else "it is neither UTF-8 nor GB18030")


def _decodes(file: IO[bytes], encoding: str) -> bool:
    file.seek(0)
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        while chunk := file.read(_CHUNK):
            decoder.decode(chunk)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _unreadable(name: str, reason: str) -> Rejected:
    return Rejected(f"{name}: {reason}.", remedy="ask the system to send it again, or correct the declaration.")
