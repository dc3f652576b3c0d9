"""Orders of a shop on any marketplace: who buys, what, and the life of each order with its refund.

Every e-commerce platform of the sandbox but Tmall (which was there first) shows orders made here and translates the
stages into its own words. Times are aware (Asia/Shanghai), money is integer fen.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from tests.sandbox.world.calendar import moment
from tests.sandbox.world.catalogue import ITEMS, STORES, TOWNS, Item
from tests.sandbox.world.model import Person

if TYPE_CHECKING:
    from tests.sandbox.world import World

Stage = str
"""created, paid, shipped, finished, closed (refunded after payment) or cancelled (never paid)."""

_BEFORE = 12
"""Days before the history whose orders are still finished, and so modified, inside it."""

SHARE = {"regular": 0.22, "online": 0.30, "store_shopper": 0.08, "new_fan": 0.05, "old_fan": 0.05, "passer_by": 0.02}
"""Of each persona, how many buy on one more marketplace."""


@dataclass(frozen=True, slots=True)
class OrderLine:
    """One line; `number` counts from 1, `fen` is what was paid for it, postage apart."""

    number: int
    item: Item
    quantity: int
    fen: int


@dataclass(frozen=True, slots=True)
class OrderRefund:
    """A refund of one line: asked for, then granted or refused."""

    number: int
    line: OrderLine
    fen: int
    asked_at: datetime
    decided_at: datetime
    is_granted: bool
    has_goods: bool
    reason: str

    def stage(self, at: datetime) -> str:
        """`asked`, `granted` or `refused` just before `at`."""
        if self.decided_at >= at:
            return "asked"
        return "granted" if self.is_granted else "refused"

    def modified(self, at: datetime) -> datetime:
        """The last change before `at`."""
        return self.decided_at if self.decided_at < at else self.asked_at


@dataclass(slots=True)
class Order:
    """An order and its life; `number` counts the system's orders from 1, oldest first.

    `touched` is set when a test updates the order while it is being read.
    """

    number: int
    person: str
    lines: tuple[OrderLine, ...]
    post_fen: int
    created_at: datetime
    paid_at: datetime | None
    shipped_at: datetime | None
    finished_at: datetime | None
    closed_at: datetime | None
    store: str
    town: tuple[str, str, str]
    refund: OrderRefund | None = None
    touched: datetime | None = None

    @property
    def paid_fen(self) -> int:
        """All lines and the postage."""
        return sum(line.fen for line in self.lines) + self.post_fen

    @property
    def list_fen(self) -> int:
        """What the goods cost before any discount."""
        return sum(line.item.fen * line.quantity for line in self.lines)

    def moments(self) -> list[tuple[datetime, Stage]]:
        """Every change of stage, oldest first."""
        steps = [
            (self.created_at, "created"),
            (self.paid_at, "paid"),
            (self.shipped_at, "shipped"),
            (self.finished_at, "finished"),
            (self.closed_at, "closed" if self.paid_at else "cancelled"),
        ]
        return sorted((at, stage) for at, stage in steps if at is not None)

    def exists(self, at: datetime) -> bool:
        """Whether it was placed before `at`."""
        return self.created_at < at

    def stage(self, at: datetime) -> Stage:
        """The stage just before `at`."""
        return [stage for moment, stage in self.moments() if moment < at][-1]

    def modified(self, at: datetime) -> datetime:
        """The last change before `at`, the refund's included; a test's own touch counts whenever it was."""
        moments = [moment for moment, _ in self.moments() if moment < at]
        if self.refund is not None and self.refund.asked_at < at:
            moments.append(self.refund.modified(at))
        return max([*moments, *([self.touched] if self.touched else [])])


def orders(world: World, system: str, share: Mapping[str, float] = SHARE, *, refunded: float = 0.09) -> list[Order]:
    """Every order of a system, oldest first; `share` of each persona buy there, `refunded` of paid orders are."""
    rng = world.dice(f"{system} orders")
    drawn: list[Order] = []
    for journey in world.living:
        person = journey.person
        if rng.random() >= share.get(person.persona, 0.0):
            continue
        for _ in range(rng.choices((1, 2, 3), (62, 28, 10))[0]):
            day = world.calendar.ago(rng.randint(-2, world.calendar.history_days + _BEFORE))
            drawn.append(_order(person, rng, moment(rng, day, 7, 24)))
    drawn.sort(key=lambda order: (order.created_at, order.person))
    for number, order in enumerate(drawn, 1):
        order.number = number
        order.refund = _refund(order, rng, refunded)
        _close_when_all_is_refunded(order)
    return drawn


def _order(person: Person, rng: random.Random, created: datetime) -> Order:
    paid = created + timedelta(seconds=rng.randint(8, 900)) if rng.random() > 0.07 else None
    shipped = paid + timedelta(hours=rng.randint(5, 48)) if paid else None
    return Order(
        number=0,
        person=person.id,
        lines=tuple(_lines(rng)),
        post_fen=rng.choices((0, 600, 1000), (82, 12, 6))[0],
        created_at=created,
        paid_at=paid,
        shipped_at=shipped,
        finished_at=shipped + timedelta(days=rng.randint(2, 9), seconds=rng.randrange(80000)) if shipped else None,
        closed_at=None if paid else created + timedelta(hours=rng.randint(1, 24)),
        store=person.store if rng.random() < 0.05 else "",
        town=TOWNS[STORES.index(person.store)] if rng.random() > 0.05 else rng.choice(TOWNS),
    )


def _lines(rng: random.Random) -> list[OrderLine]:
    chosen = rng.sample(ITEMS, rng.choices((1, 2, 3), (65, 25, 10))[0])
    found = []
    for number, item in enumerate(chosen, 1):
        quantity = rng.choices((1, 2, 4), (72, 21, 7))[0]
        paid = item.fen * quantity * rng.choice((100, 100, 95, 90, 85)) // 100
        found.append(OrderLine(number, item, quantity, paid))
    return found


def _refund(order: Order, rng: random.Random, share: float) -> OrderRefund | None:
    """In a share of the paid orders one line is asked back days later; one in six is refused."""
    if order.paid_at is None or rng.random() > share:
        return None
    line = rng.choice(order.lines)
    asked = order.paid_at + timedelta(days=rng.randint(1, 8), minutes=rng.randrange(600))
    return OrderRefund(
        number=order.number,
        line=line,
        fen=line.fen if rng.random() < 0.8 else line.fen // 2,
        asked_at=asked,
        decided_at=asked + timedelta(hours=rng.randint(5, 70)),
        is_granted=rng.random() > 0.16,
        has_goods=order.shipped_at is not None and asked > order.shipped_at and rng.random() < 0.6,
        reason=rng.choice(("不想要了", "尺码不合适", "商品与描述不符", "宝宝不适用", "少件漏发")),
    )


def _close_when_all_is_refunded(order: Order) -> None:
    refund = order.refund
    if refund is None or len(order.lines) > 1 or not refund.is_granted or refund.fen < order.lines[0].fen:
        return
    order.closed_at, order.finished_at = refund.decided_at, None
    if order.shipped_at is not None and order.shipped_at >= order.closed_at:
        order.shipped_at = None
