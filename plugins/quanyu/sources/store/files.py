"""What the stores' files are called and how their text becomes records."""

from __future__ import annotations

import csv
import io
import logging
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby

from quanyu.contracts import Page, Record, Window
from quanyu.errors import Rejected, SchemaDrift
from quanyu.outbox import Drop, Outbox
from quanyu.transport import place

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One kind of file: `<prefix>[_<store>]_<yyyymmdd>_<seq>.csv` and the columns it must have, `may_lack` aside."""

    entity: str
    prefix: str
    is_per_store: bool
    key: tuple[str, ...]
    columns: Mapping[str, str]
    may_lack: frozenset[str] = frozenset()

    @property
    def pattern(self) -> re.Pattern[str]:
        """The names of such files."""
        store = "_(?P<store>.+)" if self.is_per_store else "(?P<store>)"
        return re.compile(rf"{self.prefix}{store}_(?P<day>\d{{8}})_(?P<seq>\d+)\.csv")


def read(outbox: Outbox, kind: Kind, window: Window) -> Iterator[tuple[date, Page]]:
    """Read each day of the window store by store, each store's files in the order of their numbers.

    A later number may correct rows of an earlier one: the last row of a key counts. A file that cannot be used
    stops the reading unless a later number followed it: files never leave the outbox, so it will always be
    there. A day without any file yields one empty page.
    """
    with place(f"store.{kind.entity} {max(window.days())}"):
        names = outbox.names()
    found = sorted(
        (match["day"], match["store"], int(match["seq"]), name)
        for name in names
        if (match := kind.pattern.fullmatch(name))
    )
    for day in window.days():
        wanted = [entry for entry in found if entry[0] == f"{day:%Y%m%d}"]
        if not wanted:
            yield day, Page([])
        for _, files in groupby(wanted, key=lambda entry: entry[1]):
            with place(f"store.{kind.entity} {day}"):
                rows = _merged(outbox, kind, [name for *_, name in files], names)
            yield day, Page(rows)


def _merged(outbox: Outbox, kind: Kind, files: Sequence[str], names: frozenset[str]) -> list[Record]:
    rows: dict[tuple[str, ...], Record] = {}
    unusable: Rejected | None = None
    for name in files:
        try:
            read_rows = records(outbox.take(name, names), kind)
        except Rejected as error:
            unusable = error
            continue
        if unusable is not None:
            log.warning("%s replaces an unusable file: %s", name, unusable)
            unusable = None
        rows.update((tuple(row[part] for part in kind.key), row) for row in read_rows)
    if unusable is not None:
        raise unusable
    return list(rows.values())


def records(drop: Drop, kind: Kind) -> list[Record]:
    """Read the records of a file, every value as text.

    Raises SchemaDrift for a missing column, Rejected for text that is neither UTF-8 nor GB18030, lines that do
    not fit the header and a count other than the promised one. No message quotes a value.
    """
    reader = csv.reader(io.StringIO(_text(drop), newline=""), strict=True)
    rows: list[Record] = []
    try:
        header = next(reader, [])
        _check(drop, header, kind)
        for values in reader:
            if len(values) != len(header):
                raise _unreadable(drop, f"line {reader.line_num} has {len(values)} of {len(header)} columns")
            rows.append(dict(zip(header, values, strict=True)))
    except csv.Error as error:
        raise _unreadable(drop, f"line {reader.line_num}: {error}") from None
    if len(rows) != drop.rows:
        raise _unreadable(drop, f"it holds {len(rows)} rows, its .done says {drop.rows}")
    return rows


def _text(drop: Drop) -> str:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return drop.content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise _unreadable(drop, "it is neither UTF-8 nor GB18030")


def _check(drop: Drop, header: list[str], kind: Kind) -> None:
    if missing := sorted(set(kind.columns) - kind.may_lack - set(header)):
        raise SchemaDrift(
            f"{drop.name} lacks the column {', '.join(missing)}.",
            remedy="ask for the agreed columns; if the change is meant, adapt the source and its staging model.",
        )
    if len(set(header)) != len(header):
        raise _unreadable(drop, "a column name occurs twice")


def _unreadable(drop: Drop, reason: str) -> Rejected:
    return Rejected(f"{drop.name}: {reason}.", remedy="ask the store system to send it again under the next number.")
