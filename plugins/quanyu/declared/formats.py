"""Files as rows, one after the other: where a row stands, and its values by header. Nothing is held but a page."""

from __future__ import annotations

import codecs
import csv
import gzip
import io
import math
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import islice, zip_longest
from typing import IO, Any, cast

from quanyu.declared.declaration import DeclaredEntity
from quanyu.declared.values import exact_json
from quanyu.errors import Rejected

Row = dict[str, Any]
_CHUNK = 2**20
_FAILED = {"#N/A", "#REF!", "#DIV/0!", "#VALUE!", "#NAME?", "#NULL!", "#NUM!"}
_SURELY_UTF8 = 16
"""Text of another encoding does not hold so many characters that happen to be UTF-8 before one that is not."""


def rows(name: str, file: IO[bytes], entity: DeclaredEntity) -> Iterator[tuple[int, Row]]:
    """Read a file in its declared format: (line or row number, values by header).

    JSON Lines and Parquet may be nested: the row is the object. Raises Rejected, naming the line and never a value.
    """
    file.seek(0)
    if name.endswith(".gz"):
        try:
            yield from _rows(name, cast(IO[bytes], gzip.GzipFile(fileobj=file, mode="rb")), entity)
        except (EOFError, zlib.error, gzip.BadGzipFile):
            raise _unreadable(name, "it is no whole gzip file") from None
    else:
        yield from _rows(name, file, entity)


def _rows(name: str, file: IO[bytes], entity: DeclaredEntity) -> Iterator[tuple[int, Row]]:
    match entity.format:
        case "csv" | "tsv":
            delimiter = entity.delimiter or ("\t" if entity.format == "tsv" else ",")
            with _text(name, file, entity.encoding) as text:
                yield from _separated(name, text, delimiter, entity.header_row)
        case "jsonl":
            with _text(name, file, entity.encoding) as text:
                yield from _json_lines(name, text)
        case "excel":
            yield from _workbook(name, file, entity.sheet, entity.header_row)
        case _:
            wanted = None if entity.undeclared == "keep" else entity.titles
            yield from _parquet(name, file, wanted)


def _separated(name: str, text: io.TextIOBase, delimiter: str, header_row: int) -> Iterator[tuple[int, Row]]:
    reader = csv.reader(text, delimiter=delimiter, strict=True)
    try:
        header = _header(name, next(islice(reader, header_row - 1, None), []))
        for values in reader:
            if not values:
                continue
            if len(values) != len(header):
                raise _unreadable(name, f"line {reader.line_num} has {len(values)} of {len(header)} columns")
            row = dict(zip(header, values, strict=True))
            row.pop("", None)
            yield reader.line_num, row
    except csv.Error as error:
        raise _unreadable(name, f"line {reader.line_num}: {error}") from None


def _json_lines(name: str, text: io.TextIOBase) -> Iterator[tuple[int, Row]]:
    for number, line in enumerate(text, 1):
        if not line.strip():
            continue
        try:
            row = exact_json(line)
        except ValueError:
            row = None
        if not isinstance(row, dict):
            raise _unreadable(name, f"line {number} is no JSON object")
        yield number, row


def _workbook(name: str, file: IO[bytes], sheet: str | None, header_row: int) -> Iterator[tuple[int, Row]]:
    import openpyxl
    from openpyxl.utils.exceptions import InvalidFileException

    try:
        book = openpyxl.load_workbook(file, read_only=True, data_only=True)
        try:
            sheets = {found.title: found for found in book.worksheets}
            wanted = next(iter(sheets), "") if sheet is None else sheet
            if wanted not in sheets:
                raise _unreadable(name, f"it has no sheet {wanted!r}")
            yield from _sheet(name, sheets[wanted], header_row)
        finally:
            book.close()
    except (zipfile.BadZipFile, zlib.error, InvalidFileException, KeyError, SyntaxError):  # a ParseError is the last
        raise _unreadable(name, "it is no Excel workbook (.xlsx)") from None


def _sheet(name: str, sheet: Any, header_row: int) -> Iterator[tuple[int, Row]]:
    # What a program wrote as the size of its sheet is often wrong, and would cut off columns and rows.
    sheet.reset_dimensions()
    lines = sheet.iter_rows(values_only=True)
    titles = next(islice(lines, header_row - 1, None), ())
    header = _header(name, ["" if title is None else str(title) for title in titles])
    for number, values in enumerate(lines, header_row + 1):
        row = {title: _cell(value) for title, value in zip_longest(header, values[: len(header)]) if title}
        if any(value is not None for value in row.values()):
            yield number, row


def _cell(value: Any) -> Any:
    """A cell with no more digits than a spreadsheet keeps and shows: 15; of a formula that failed no number at all."""
    if value in _FAILED:
        return math.nan
    if isinstance(value, float):
        return float(f"{value:.15g}")
    return float(value) if type(value) is int and abs(value) >= 10**15 else value


def _parquet(name: str, file: IO[bytes], wanted: frozenset[str] | None) -> Iterator[tuple[int, Row]]:
    import pyarrow
    from pyarrow import parquet

    try:
        # Python's own times end at the microsecond.
        whole = parquet.ParquetFile(file, coerce_int96_timestamp_unit="us")
        there = whole.schema_arrow.names
        _header(name, there)
        columns = None if wanted is None else [title for title in there if title in wanted]
        number = 0
        for batch in whole.iter_batches(batch_size=2_000, columns=columns):
            for row in batch.cast(_microseconds(batch.schema), safe=False).to_pylist():
                number += 1
                yield number, row
    except (pyarrow.ArrowException, OSError):
        raise _unreadable(name, "it is no Parquet file") from None


def _microseconds(schema: Any) -> Any:
    import pyarrow

    for number, column in enumerate(schema):
        if pyarrow.types.is_timestamp(column.type) and column.type.unit == "ns":
            schema = schema.set(number, column.with_type(pyarrow.timestamp("us", column.type.tz)))
    return schema


def _header(name: str, titles: Sequence[str]) -> list[str]:
    header = [title.strip() for title in titles]
    named = [title for title in header if title]
    if not named:
        raise _unreadable(name, "it is empty, not even a header")
    if len(set(named)) != len(named):
        raise _unreadable(name, "a column name occurs twice")
    return header


@contextmanager
def _text(name: str, file: IO[bytes], encoding: str | None) -> Iterator[io.TextIOBase]:
    """The file as text; of an unnamed encoding UTF-8 (with or without a mark), else GB18030."""
    said = codecs.lookup(encoding).name if encoding else "utf-8"
    candidate = "utf-8-sig" if said == "utf-8" else said
    is_readable, characters = _decodes(file, candidate)
    if not is_readable and encoding is None and characters < _SURELY_UTF8:
        candidate = "gb18030"
        is_readable, _ = _decodes(file, candidate)
    if not is_readable:
        raise _unreadable(name, f"it is not {encoding or candidate} throughout; was it cut off?")
    file.seek(0)
    text = io.TextIOWrapper(file, encoding=candidate, newline="")
    try:
        yield text
    finally:
        with suppress(ValueError):  # a reading that was broken off may outlive its file
            text.detach()  # else the file would be closed with it


def _decodes(file: IO[bytes], encoding: str) -> tuple[bool, int]:
    """Whether all of it does, and how many characters beyond ASCII were read until then."""
    file.seek(0)
    decoder = codecs.getincrementaldecoder(encoding)()
    characters = 0
    try:
        while chunk := file.read(_CHUNK):
            characters += _beyond_ascii(decoder.decode(chunk))
        decoder.decode(b"", final=True)
    except UnicodeDecodeError as error:
        return False, characters + _beyond_ascii(error.object[: error.start].decode(encoding, "ignore"))
    except UnicodeError:  # UTF-16 without its mark
        return False, characters
    return True, characters


def _beyond_ascii(text: str) -> int:
    return 0 if text.isascii() else len(text) - len(text.encode("ascii", "ignore"))


def _unreadable(name: str, reason: str) -> Rejected:
    return Rejected(f"{name}: {reason}.", remedy="ask the system to send it again, or correct the declaration.")
