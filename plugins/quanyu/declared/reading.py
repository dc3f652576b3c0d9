"""A declaration at work: each day's files, or a table, become pages of records of the declared types."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import date
from functools import partial
from itertools import groupby
from pathlib import Path
from zoneinfo import ZoneInfo

from quanyu.contracts import Connection, Entity, Mode, Page, Record, Source, Window
from quanyu.declared.declaration import Column, Declaration, DeclaredEntity, read_declaration
from quanyu.declared.folders import Folder, fetched, open_folder
from quanyu.declared.formats import Row, rows
from quanyu.declared.shaping import Shaper
from quanyu.errors import NotReady, Rejected
from quanyu.tables import Database, Table
from quanyu.tables import connect as connect_tables
from quanyu.transport import place

log = logging.getLogger(__name__)

_PAGE = 2_000


@dataclass(frozen=True, slots=True)
class Client:
    """What a source reads from: a folder where it has files, a database where it has tables."""

    folder: Folder | None
    database: Database | None


def declared_source(path: str | Path, about: str | None = None) -> Source:
    """The source that a YAML file declares; of a package, the `source.yml` beside its `__init__`.

    Raises ConfigurationError naming every wrong place of the file.
    """
    file = Path(path)
    declaration = read_declaration(file.with_name("source.yml") if file.suffix == ".py" else file)
    return Source(
        name=declaration.name,
        about=about or declaration.about,
        connect=partial(_connect, declaration),
        entities=tuple(_entity(declaration, name, said) for name, said in declaration.entities.items()),
    )


def _entity(declaration: Declaration, name: str, said: DeclaredEntity) -> Entity:
    return Entity(
        name=name,
        key=said.key,
        mode=said.mode,
        version=said.version,
        fields={column: _landed(of) for column, of in said.columns.items()},
        personal={column: of.personal for column, of in said.columns.items() if of.personal},
        read=partial(_read, declaration, name, said),
        reread_days=said.reread_days,
    )


def _landed(column: Column) -> str:
    """How a column's values stand in raw: numbers, dates and times as text of one form."""
    kind = "text" if column.kind in {"number", "date", "time"} else column.kind
    return f"{kind}?" if column.is_optional else kind


@contextmanager
def _connect(
    declaration: Declaration, where: Connection, *, sleep: Callable[[float], None] = time.sleep
) -> Iterator[Client]:
    """Open what the entities read. Raises ConfigurationError before any call when the connection is incomplete."""
    entities = declaration.entities.values()
    with ExitStack() as stack:
        has_files, has_tables = any(e.files for e in entities), any(e.table for e in entities)
        folder = stack.enter_context(open_folder(where, sleep=sleep)) if has_files else None
        database = stack.enter_context(connect_tables(where, sleep=sleep)) if has_tables else None
        yield Client(folder, database)


def _read(declaration: Declaration, name: str, said: DeclaredEntity, client: Client, window: Window) -> Iterator[Page]:
    shaped = Shaper(said, ZoneInfo(declaration.time_zone))
    label = f"{declaration.name}.{name}"
    if said.table is not None and client.database is not None:
        yield from _of_table(label, said, client.database, window, shaped)
    elif client.folder is not None:
        yield from _of_files(label, said, client.folder, window, shaped)


def _of_files(label: str, said: DeclaredEntity, folder: Folder, window: Window, shaped: Shaper) -> Iterator[Page]:
    with place(f"{label} {max(window.days())}"):
        names = folder.names()
    days = list(window.days())
    if said.mode is Mode.SNAPSHOT:
        days = days[-1:]
    for day in days:
        files = _files_of(said, names, day)
        with place(f"{label} {day}"):
            if not files and day == days[-1] and not (said.may_be_missing or "{part}" in (said.files or "")):
                raise NotReady(f"there is no file of {day:%Y%m%d} yet.", remedy="let the system finish its export.")
        marked = day if said.mode is Mode.DAILY else None
        if not files:
            yield Page([], marked)
        for _, part in groupby(files, key=lambda file: file[0]):
            with place(f"{label} {day}"):
                for page in _of_part(said, folder, [name for *_, name in part], names, shaped):
                    yield Page(page, marked)


def _of_part(
    said: DeclaredEntity, folder: Folder, files: Sequence[str], names: frozenset[str], shaped: Shaper
) -> Iterator[list[Record]]:
    """The files of one day and part in the order of their numbers: a later row of a key corrects an earlier one.

    A file that cannot be used is an error unless a later number followed it: files stay where they are for ever.
    """
    for number, name in enumerate(files, 1):
        is_vouched_for = said.done == "required"
        try:
            with fetched(folder, name, names, is_vouched_for=is_vouched_for) as (file, promised):
                yield from _pages(name, rows(name, file, said), promised, shaped)
        except Rejected as error:
            if number == len(files):
                raise
            log.warning("%s replaces an unusable file: %s", files[number], error)


def _pages(name: str, read: Iterator[tuple[int, Row]], promised: int, shaped: Shaper) -> Iterator[list[Record]]:
    page: list[Record] = []
    count = 0
    for line, row in read:
        count += 1
        page.append(shaped.record(name, line, row))
        if len(page) == _PAGE:
            yield page
            page = []
    if promised not in {-1, count}:
        raise Rejected(
            f"{name}: it holds {count} rows, its .done says {promised}.",
            remedy="ask the system to send it again, under the next number where files have one.",
        )
    if page or not count:
        yield page


def _of_table(label: str, said: DeclaredEntity, database: Database, window: Window, shaped: Shaper) -> Iterator[Page]:
    """A table whole, or its rows of the window by the column that tells when they changed; day by day when daily."""
    headers = {name: column.header or name for name, column in said.columns.items()}
    table = Table(
        name=said.table or "",
        columns=tuple(headers.values()),
        key=tuple(headers[name] for name in said.key),
        changed_by=headers[said.changed_by] if said.changed_by else "",
        zone=shaped.zone,
    )
    if said.mode is Mode.SNAPSHOT:
        with place(f"{label} {max(window.days())}"):
            for page in database.whole(table):
                yield Page([shaped.record(table.name, 0, row) for row in page])
        return
    for day in window.days():
        marked = day if said.mode is Mode.DAILY else None
        is_any = False
        with place(f"{label} {day}"):
            for page in database.changed_rows(table, _within(window, day)):
                is_any = True
                yield Page([shaped.record(table.name, 0, row) for row in page], marked)
        if not is_any and marked:
            yield Page([], marked)


def _within(window: Window, day: date) -> Window:
    """The part of a window that lies on a day."""
    whole = Window.of_days(day, day)
    return Window(max(whole.start, window.start), min(whole.end, window.end))


def _files_of(said: DeclaredEntity, names: frozenset[str], day: date) -> list[tuple[str, int, str]]:
    """The files of a day: part, number, name; in this order."""
    found = []
    for name in names:
        match = said.pattern.fullmatch(name)
        if match and match["day"] == f"{day:%Y%m%d}":
            groups = match.groupdict()
            found.append((groups.get("part") or "", int(groups.get("seq") or 0), name))
    return sorted(found)
