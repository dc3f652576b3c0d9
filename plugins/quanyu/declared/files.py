"""The files of an entity, day by day and part by part, as pages of records."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from itertools import groupby

from quanyu.contracts import Mode, Page, Record, Window
from quanyu.declared.declaration import DeclaredEntity
from quanyu.declared.folders import Folder, fetched
from quanyu.declared.formats import Row, rows
from quanyu.declared.shaping import Shaper
from quanyu.errors import NotReady, QuanyuError, Rejected
from quanyu.transport import place

log = logging.getLogger(__name__)

_PAGE = 2_000


class Directory:
    """What lies there of one entity, listed once; of a folder per day, each when it is asked for."""

    def __init__(self, said: DeclaredEntity, folder: Folder) -> None:
        self.naming = said.naming
        self._folder = folder
        self._top = folder.names(self.naming.root)
        self.days = self.naming.days(self._top)

    def of(self, day: date) -> tuple[list[tuple[str, int, str]], frozenset[str]]:
        """The files of a day as (part, number, path), and every path beside them."""
        if not self.naming.day_folder:
            names = self._top
        else:
            names = self._folder.names(self.naming.folder_of(day)) if day in self.days else frozenset()
        before = f"{self.naming.folder_of(day)}/".lstrip("/")
        found = [(part, seq, before + name) for part, seq, name in self.naming.of_day(names, day)]
        return found, frozenset(before + name for name in names)

    @property
    def top(self) -> frozenset[str]:
        """Every name in the folder that is listed."""
        return self._top


def pages_of_files(label: str, said: DeclaredEntity, folder: Folder, window: Window, shaped: Shaper) -> Iterator[Page]:
    """Read the days of a window, each part's files in the order of their numbers; of a snapshot the last day only.

    Raises NotReady for a day whose file is still to come.
    """
    days = list(window.days())
    with place(f"{label} {days[-1]}"):
        there = Directory(said, folder)
        files = {day: there.of(day) for day in (days[-1:] if said.mode is Mode.SNAPSHOT else days)}
    for day, (found, names) in files.items():
        marked = day if said.mode is Mode.DAILY else None
        if not found:
            if missing := _awaited(said, there.days, day, last=days[-1]):
                raise missing.at(f"{label} {day}")
            yield Page([], marked)
        for _, part in groupby(found, key=lambda file: file[0]):
            with place(f"{label} {day}"):
                for page in _of_part(said, folder, [name for *_, name in part], names, shaped):
                    yield Page(page, marked)


def _awaited(said: DeclaredEntity, there: set[date], day: date, *, last: date) -> QuanyuError | None:
    """What is wrong with a day that has no file; None where it may have none.

    A snapshot of nothing would delete everybody. Days before the first file are history that was never exported; but
    where a day that is read again each night has lost its file, its rows would be withdrawn.
    """
    text = f"there is no file of {day:%Y%m%d}"
    if said.mode is Mode.SNAPSHOT:
        return NotReady(f"{text} yet.", remedy="let the system finish its export.")
    if said.may_be_missing or said.naming.has_parts or (said.since and day < said.since):
        return None
    if day == last or (there and min(there) < day):
        return NotReady(
            f"{text} yet.",
            remedy="let the system finish its export; a day without records has a file too, unless the declaration"
            " says `may_be_missing`.",
        )
    if said.mode is Mode.DAILY and day >= last - timedelta(days=said.reread_days):
        return NotReady(
            f"{text}, which is to be read again.",
            remedy=f"keep files for {said.reread_days + 1} days there, or lower `reread_days`; where files began to"
            " come later than that, say `since`.",
        )
    return None


def _of_part(
    said: DeclaredEntity, folder: Folder, files: Sequence[str], names: frozenset[str], shaped: Shaper
) -> Iterator[list[Record]]:
    """The files of one day and part: a later row of a key corrects an earlier one.

    A file that cannot be used is an error unless a later number followed it: files stay where they are for ever. So
    one that was followed is read to its end before its first row is believed.
    """
    for number, name in enumerate(files, 1):
        try:
            with fetched(folder, name, names, is_vouched_for=said.done == "required") as (file, promised):
                for _ in _pages(name, rows(name, file, said), promised, shaped) if number < len(files) else ():
                    pass
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
        page.append(shaped.record(f"{name} line {line}", row))
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
