"""What files are called: a name with places for the day, a number and a part; in one folder, or in a folder per day.

SALES_{part}_{day}_{seq}.csv     exports/dt={day:%Y-%m-%d}/{part}.parquet     members.xlsx (a snapshot)
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

_PLACE = re.compile(r"\{(\w+)(?::([^{}]*))?\}")
_DAY = {"%Y": ("year", r"\d{4}"), "%m": ("month", r"\d{2}"), "%d": ("date", r"\d{2}")}
_DIRECTIVE = re.compile(r"%.|.", re.DOTALL)
_OTHERS = {"seq": r"(?P<seq>\d+)", "part": r"(?P<part>.+?)"}
_DONE = ".done"


@dataclass(frozen=True, slots=True)
class Naming:
    """A pattern of names: the folder that is listed, in it perhaps one folder per day, and the file."""

    root: str
    day_folder: str
    file: str

    @classmethod
    def of(cls, files: str) -> Naming:
        """Read a pattern. Raises ValueError saying what is wrong with it."""
        *folders, file = files.split("/")
        day_folder = folders.pop() if folders and "{" in folders[-1] else ""
        if not file or not all(folders) or {".", ".."} & {*folders, file}:
            raise ValueError("`files` is a name, with the folders before it where there are any: exports/{day}.csv")
        if any("{" in folder or "}" in folder for folder in folders):
            raise ValueError("only the last folder of `files` may be one per day, and a day is one: {day:%Y-%m-%d}")
        for place in _PLACE.findall(day_folder):
            if place[0] != "day":
                raise ValueError("a folder of `files` knows {day} only")
        _segment(day_folder)
        _segment(file)
        found = cls("/".join(folders), day_folder, file)
        if day_folder and not _has(day_folder, "day"):
            raise ValueError("a folder of `files` knows {day} only")
        return found

    @property
    def has_day(self) -> bool:
        """Whether its files are of days; else there is one state, written again and again."""
        return _has(self.day_folder, "day") or _has(self.file, "day")

    @property
    def has_parts(self) -> bool:
        """Whether a day has a file for each of several parts."""
        return _has(self.file, "part")

    def days(self, names: Iterable[str]) -> set[date]:
        """The days of which something lies in `root`."""
        pattern = re.compile(_segment(self.day_folder or self.file))
        return {day for name in names if (match := pattern.fullmatch(name)) and (day := _day_of(match.groupdict()))}

    def folder_of(self, day: date) -> str:
        """The folder, from where the connection points, in which the files of a day lie."""
        of_day = _PLACE.sub(lambda place: f"{day:{place[2] or '%Y%m%d'}}", self.day_folder)
        return "/".join(part for part in (self.root, of_day) if part)

    def of_day(self, names: Iterable[str], day: date) -> list[tuple[str, int, str]]:
        """The files of a day among what lies in its folder: part, number, name; in this order."""
        pattern = re.compile(_segment(self.file))
        found = []
        for name in names:
            match = pattern.fullmatch(name)
            if match and not name.endswith(_DONE):
                groups = match.groupdict()
                if "year" not in groups or _day_of(groups) == day:
                    found.append((groups.get("part") or "", int(groups.get("seq") or 0), name))
        return sorted(found)


def _segment(pattern: str) -> str:
    """One name of a path as a regular expression. Raises ValueError saying what is wrong with it."""
    seen: set[str] = set()
    said = ""
    last = 0
    for place in _PLACE.finditer(pattern):
        said += _literal(pattern[last : place.start()])
        name, form = place[1], place[2]
        if name not in {"day", *_OTHERS}:
            raise ValueError("`files` knows {day}, {seq} and {part}")
        if name in seen:
            raise ValueError("`files` has a placeholder twice")
        if name != "day" and form is not None:
            raise ValueError("only {day} has a form, for example {day:%Y-%m-%d}")
        said += _day("%Y%m%d" if form is None else form) if name == "day" else _OTHERS[name]
        seen.add(name)
        last = place.end()
    return said + _literal(pattern[last:])


def _literal(text: str) -> str:
    if "{" in text or "}" in text:
        raise ValueError("`files` knows {day}, {seq} and {part}")
    return re.escape(text)


def _day(form: str) -> str:
    directives = [part for part in _DIRECTIVE.findall(form) if part.startswith("%")]
    if sorted(directives) != sorted(_DAY):
        raise ValueError("a form of {day} has %Y, %m and %d once each, for example {day:%Y-%m-%d}")
    parts = _DIRECTIVE.findall(form)
    return "".join(f"(?P<{_DAY[part][0]}>{_DAY[part][1]})" if part in _DAY else re.escape(part) for part in parts)


def _day_of(groups: dict[str, str]) -> date | None:
    try:
        return date(int(groups["year"]), int(groups["month"]), int(groups["date"]))
    except (KeyError, ValueError):
        return None


def _has(pattern: str, place: str) -> bool:
    return any(name == place for name, _ in _PLACE.findall(pattern))
