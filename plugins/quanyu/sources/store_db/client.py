"""The store database: a table of it per entity, read day by day or whole."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from quanyu import tables
from quanyu.contracts import Connection, Page, Record, Window
from quanyu.errors import ConfigurationError
from quanyu.tables import Database, Table
from quanyu.transport import place

Read = Callable[[Database, Window], Iterator[Page]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """The table of an entity, its columns and their types; `day` is the column of the day a row belongs to."""

    entity: str
    table: str
    key: str
    columns: Mapping[str, str]
    day: str = ""

    @property
    def source(self) -> Table:
        """What is read."""
        return Table(name=self.table, columns=tuple(self.columns), key=(self.key,), changed_by=self.day)


@contextmanager
def connect(where: Connection, *, sleep: Callable[[float], None] = time.sleep) -> Iterator[Database]:
    """Open the database, `mysql://host:3306/hbposv`; `extra.account` is the brand, as in `quanyu_store`."""
    if not where.extra.get("account"):
        raise ConfigurationError(
            f"the connection quanyu_{where.name} is incomplete.", remedy="set extra.account to the name of the brand."
        )
    with tables.connect(where, sleep=sleep) as database:
        yield database


def of_each_day(kind: Kind) -> Read:
    """Read the rows of each day of the window; a day without rows yields one empty page."""

    def pages(database: Database, window: Window) -> Iterator[Page]:
        for day in window.days():
            is_empty = True
            with place(f"store_db.{kind.entity} {day}"):
                for rows in database.changed_rows(kind.source, Window.of_days(day, day)):
                    is_empty = False
                    yield Page([_record(row) for row in rows], day)
            if is_empty:
                yield Page([], day)

    return pages


def whole(kind: Kind) -> Read:
    """Read the table as it is now."""

    def pages(database: Database, window: Window) -> Iterator[Page]:
        with place(f"store_db.{kind.entity} {max(window.days())}"):
            for rows in database.whole(kind.source):
                yield Page([_record(row) for row in rows])

    return pages


def _record(row: Record) -> Record:
    """The row without the blanks that SQL Server pads CHAR columns with; a birthday is a date."""
    trimmed = {name: value.rstrip() if isinstance(value, str) else value for name, value in row.items()}
    if trimmed.get("birthday"):
        trimmed["birthday"] = trimmed["birthday"][:10]
    return trimmed
