"""When each change of a trade or refund of the Tmall shop reached the push database: seconds later, a few after hours.

It shows the trades and refunds that Tmall itself shows, so it knows nobody whom the world does not know already.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Generic, TypeVar

from tests.sandbox.world import World
from tests.sandbox.world.trade import Refund, Trade

SELLER = "全域旗舰店"

Of = TypeVar("Of", Trade, Refund)


@dataclass(frozen=True, slots=True)
class Pushed(Generic[Of]):
    """A trade or refund, and each (change, push) of its life, by the time of the change."""

    of: Of
    pushes: tuple[tuple[datetime, datetime], ...]

    def at(self, end: datetime) -> tuple[datetime, datetime] | None:
        """The newest change that was pushed before `end`; what comes late and is older is not written."""
        return max((push for push in self.pushes if push[1] < end), default=None)


def trades(world: World) -> list[Pushed[Trade]]:
    """Every trade with its pushes."""
    return world.chapter(_trades)


def refunds(world: World) -> list[Pushed[Refund]]:
    """Every refund with its pushes."""
    return world.chapter(_refunds)


def _trades(world: World) -> list[Pushed[Trade]]:
    rng = world.dice("tmall_push trades")
    found = []
    for trade in world.trades:
        moments = {moment for moment, _ in trade.moments()}
        moments |= {moment for moment, _ in trade.refund.moments} if trade.refund is not None else set()
        found.append(Pushed(trade, _pushes(rng, moments)))
    return found


def _refunds(world: World) -> list[Pushed[Refund]]:
    rng = world.dice("tmall_push refunds")
    return [Pushed(refund, _pushes(rng, {moment for moment, _ in refund.moments})) for refund in world.refunds]


def _pushes(rng: Random, moments: Iterable[datetime]) -> tuple[tuple[datetime, datetime], ...]:
    return tuple((moment, moment + _lag(rng)) for moment in sorted(moments))


def _lag(rng: Random) -> timedelta:
    """One push in twelve takes hours."""
    return timedelta(hours=rng.randint(4, 20)) if rng.random() < 1 / 12 else timedelta(seconds=rng.randint(1, 40))
