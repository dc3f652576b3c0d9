"""A system that drops one file per kind and day: what its world says of the day, and a `.done` beside it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any, ClassVar

from tests.sandbox.drops import Drop
from tests.sandbox.sftp_outbox import SftpOutbox
from tests.sandbox.world import World
from tests.sandbox.world.facts import Fact


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of file: `<prefix>_<yyyymmdd>_1.<ending>`; `odd` is the column that `changed_type` spoils."""

    prefix: str
    facts: Callable[[World], list[Fact]]
    columns: str
    odd: str
    ending: str = "csv"


class DailyFiles(SftpOutbox):
    """A day without anything has a file without rows, which says that it is complete."""

    kinds: ClassVar[tuple[Kind, ...]] = ()

    def facts(self, kind: Kind) -> list[Fact]:
        """What a kind of file tells, of all days."""
        return self.world.chapter(kind.facts)

    def written(self, today: date) -> dict[str, Drop]:
        """Every file up to the evening of `today`."""
        found: dict[str, Drop] = {}
        for kind in self.kinds:
            header = tuple(kind.columns.split(","))
            by_day: dict[date, list[tuple[Any, ...]]] = defaultdict(list)
            for fact in self.facts(kind):
                by_day[fact.at.date()].append(tuple(fact.row[name] for name in header))
            for day in self.world.calendar.days():
                if day <= today:
                    name = f"{kind.prefix}_{day:%Y%m%d}_1.{kind.ending}"
                    found[name] = Drop(name, header, tuple(by_day[day]), odd=kind.odd)
        return found
