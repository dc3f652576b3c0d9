"""JD (京东): orders of a shop, refunds of its after-sales, and the buyers that its CRM knows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING

from quanyu.contracts import SHANGHAI
from tests.sandbox.world import marketplace
from tests.sandbox.world.marketplace import Order, OrderRefund
from tests.sandbox.world.model import Account

if TYPE_CHECKING:
    from tests.sandbox.world import World
    from tests.sandbox.world.truth import Identifier

ACCOUNT = "jd_buyer"
APP = "A1B2C3D4E5F60718293A4B5C6D7E8F90"
"""The app key; scope of `open_id_buyer`."""

_SHARE = {
    "regular": 0.5,
    "online": 0.6,
    "store_shopper": 0.25,
    "new_fan": 0.25,
    "old_fan": 0.25,
    "passer_by": 0.08,
}
_FIRST_ORDER = 299_123_400_000
_FIRST_REFUND = 2_100_000_000


@dataclass(frozen=True, slots=True)
class Refund:
    """The refund of an after-sale that was approved; the money moves hours later, or does not."""

    order: Order
    of: OrderRefund
    completed_at: datetime
    is_paid: bool

    def status(self, at: datetime) -> int:
        """13 paid, 14 failed; anything else is under way."""
        if self.completed_at >= at:
            return 11
        return 13 if self.is_paid else 14


@dataclass(frozen=True, slots=True)
class Member:
    """A buyer as the shop's CRM counts them."""

    person: str
    grade: int
    orders: tuple[Order, ...]


def order_id(order: Order) -> int:
    """The number of an order."""
    return _FIRST_ORDER + order.number * 7


def refund_id(refund: OrderRefund) -> int:
    """The number of a refund."""
    return _FIRST_REFUND + refund.number


def open_id(world: World, person: str) -> str:
    """The buyer as this app sees it."""
    return world.code("jd open_id", person, "o0", 28)


def xid(world: World, person: str) -> str:
    """The buyer as every app of this merchant sees it."""
    return world.code("jd xid", person, "o*AA", 40)


def pin(world: World, person: str) -> str:
    """The login name, encrypted."""
    return world.code("jd pin", person, "", 44)


def orders(world: World) -> list[Order]:
    """Every order that was ever paid, oldest first: the platform shows none before."""
    return world.chapter(_orders)


def is_shown(order: Order, at: datetime) -> bool:
    """Whether it was paid before `at`."""
    return order.paid_at is not None and order.paid_at < at


def refunds(world: World) -> list[Refund]:
    """Every refund that was approved."""
    return world.chapter(_refunds)


def members(world: World) -> list[Member]:
    """Everybody who ever ordered, in the order of their pins."""
    return world.chapter(_members)


def _orders(world: World) -> list[Order]:
    return [order for order in marketplace.orders(world, "jd", _SHARE, refunded=0.25) if order.paid_at is not None]


def _refunds(world: World) -> list[Refund]:
    rng = world.dice("jd refunds")
    return [
        Refund(
            order,
            order.refund,
            completed_at=order.refund.decided_at + timedelta(minutes=rng.randint(20, 3000)),
            is_paid=rng.random() > 0.05,
        )
        for order in orders(world)
        if order.refund is not None and order.refund.is_granted
    ]


def _members(world: World) -> list[Member]:
    rng = world.dice("jd members")
    bought: dict[str, list[Order]] = {}
    for order in orders(world):
        bought.setdefault(order.person, []).append(order)
    grades, weights = (1, 2, 3, 4, 5), (60, 22, 10, 6, 2)
    found = [Member(person, rng.choices(grades, weights)[0], tuple(placed)) for person, placed in bought.items()]
    return sorted(found, key=lambda member: pin(world, member.person))


def accounts(world: World) -> Iterator[tuple[Account, str]]:
    """Buyers, as the app sees them."""
    for person in {order.person for order in orders(world)}:
        yield (ACCOUNT, APP, open_id(world, person)), person


def evidence(world: World, day: date) -> Iterator[tuple[Account, set[Identifier]]]:
    """An order shows the buyer's two ids; a member shows a pin, which is nobody's."""
    from tests.sandbox.world.truth import night

    start = datetime.combine(world.calendar.first, time(), SHANGHAI)
    end = night(day)
    for order in orders(world):
        if is_shown(order, end) and order.modified(end) >= start:
            known = open_id(world, order.person)
            ids = {("open_id_buyer", known, order.person), ("xid_buyer", xid(world, order.person), order.person)}
            yield (ACCOUNT, APP, known), ids
