"""The days of a world, and moments drawn inside them."""

from __future__ import annotations

import random
import string
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from quanyu.contracts import SHANGHAI

_ALPHABET = string.ascii_letters + string.digits + "-_"


@dataclass(frozen=True, slots=True)
class Calendar:
    """`first` .. `business_date` is the history a first night reads; two more days are lived after it."""

    business_date: date
    history_days: int

    @property
    def first(self) -> date:
        """The first day that sources can be asked for."""
        return self.business_date - timedelta(days=self.history_days)

    @property
    def last(self) -> date:
        """The last day anything happens on."""
        return self.business_date + timedelta(days=2)

    def ago(self, days: int) -> date:
        """So many days before the business date; negative lies after it."""
        return self.business_date - timedelta(days=days)

    def days(self) -> list[date]:
        """Every lived day, oldest first."""
        return [self.first + timedelta(days=n) for n in range((self.last - self.first).days + 1)]


def moment(rng: random.Random, day: date, from_hour: int = 9, to_hour: int = 22) -> datetime:
    """A second of `day` between two hours, in Asia/Shanghai."""
    return datetime.combine(day, time(), SHANGHAI) + timedelta(seconds=rng.randrange(from_hour * 3600, to_hour * 3600))


def between(rng: random.Random, first: date, last: date) -> date:
    """A day of the closed interval; the first when it is empty."""
    return first + timedelta(days=rng.randint(0, max((last - first).days, 0)))


def code(rng: random.Random, prefix: str, length: int) -> str:
    """An opaque identifier as platforms give them out."""
    return prefix + "".join(rng.choices(_ALPHABET, k=length - len(prefix)))
