"""A declaration at work: each day's files, or a table, become pages of records of the declared types."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import date
from datetime import time as day_time
from functools import partial
from pathlib import Path
from zoneinfo import ZoneInfo

from quanyu.contracts import Connection, Entity, Mode, Page, Source, Window
from quanyu.declared.declaration import Column, Declaration, DeclaredEntity
from quanyu.declared.files import pages_of_files
from quanyu.declared.folders import Folder, open_folder
from quanyu.declared.loading import read_declaration
from quanyu.declared.shaping import Shaper
from quanyu.tables import Database, Table
from quanyu.tables import connect as connect_tables
from quanyu.transport import place


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
        ready_at=day_time.fromisoformat(said.ready_at) if said.ready_at else None,
    )


def _landed(column: Column) -> str:
    """How a column's values stand in raw: numbers, dates and times as text of one form."""
    kind = "text" if column.kind in {"number", "money", "date", "time"} else column.kind
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
        yield from pages_of_files(label, said, client.folder, window, shaped)


def _of_table(label: str, said: DeclaredEntity, database: Database, window: Window, shaped: Shaper) -> Iterator[Page]:
    """A table whole, or its rows of the window by the column that tells when they changed; day by day when daily."""
    table = table_of(said, shaped.zone)
    if said.mode is Mode.SNAPSHOT:
        with place(f"{label} {max(window.days())}"):
            for page in database.whole(table):
                yield Page([shaped.record(table.name, row) for row in page])
        return
    for day in window.days():
        marked = day if said.mode is Mode.DAILY else None
        is_any = False
        with place(f"{label} {day}"):
            for page in database.changed_rows(table, _within(window, day)):
                is_any = True
                yield Page([shaped.record(table.name, row) for row in page], marked)
        if not is_any and marked:
            yield Page([], marked)


def table_of(said: DeclaredEntity, zone: ZoneInfo) -> Table:
    """The declared columns of the declared table, and no others."""
    headers = {name: column.header or name for name, column in said.columns.items()}
    return Table(
        name=said.table or "",
        columns=tuple(headers.values()),
        key=tuple(headers[name] for name in said.key),
        changed_by=headers[said.changed_by] if said.changed_by else "",
        zone=zone,
    )


def _within(window: Window, day: date) -> Window:
    """The part of a window that lies on a day."""
    whole = Window.of_days(day, day)
    return Window(max(whole.start, window.start), min(whole.end, window.end))
