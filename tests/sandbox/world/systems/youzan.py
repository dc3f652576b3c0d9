"""The mall at Youzan (有赞), inside the brand's mini program: trades, refunds and customers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING

from quanyu.contracts import SHANGHAI
from tests.sandbox.world import marketplace
from tests.sandbox.world.calendar import moment
from tests.sandbox.world.marketplace import Order, OrderLine, OrderRefund
from tests.sandbox.world.model import Account, Person
from tests.sandbox.world.openids import MINI_APPID, openid

if TYPE_CHECKING:
    from tests.sandbox.world import World
    from tests.sandbox.world.truth import Identifier

ACCOUNT = "youzan_customer"
KDT_ID = "42583152"
"""The shop; scope of `yz_open_id`."""

_SHARE = {"regular": 0.63, "online": 0.4, "store_shopper": 0.3, "new_fan": 0.4, "old_fan": 0.15, "passer_by": 0.03}
_LOOKS = 0.12
"""Of everybody else, how many opened the mall and bought nothing."""


@dataclass(frozen=True, slots=True)
class Customer:
    """Somebody who ever opened the mall; `orders` are those they placed, oldest first."""

    person: str
    created_at: datetime
    is_member: bool
    orders: tuple[Order, ...]

    def paid_orders(self, at: datetime) -> list[Order]:
        """The orders paid before `at`."""
        return [order for order in self.orders if order.paid_at is not None and order.paid_at < at]


def tid(order: Order) -> str:
    """The number of a trade."""
    return f"E{order.created_at:%Y%m%d%H%M%S}{order.number:09d}"


def oid(order: Order, line: OrderLine) -> str:
    """The number of a line."""
    return str(2_790_000_000_000_000_000 + order.number * 10 + line.number)


def refund_id(refund: OrderRefund) -> str:
    """The number of a refund."""
    return f"{refund.asked_at:%Y%m%d%H%M%S}{refund.number:010d}"


def yz_open_id(world: World, person: str) -> str:
    """What this shop calls a person."""
    return world.code("youzan open_id", person, "", 24)


def unionid(world: World, person: Person) -> str:
    """Empty for those of whom WeChat did not say it."""
    return "" if world.dice(f"youzan bound:{person.id}").random() < 0.1 else person.unionid


def orders(world: World) -> list[Order]:
    """Every order, oldest first."""
    return world.chapter(_orders)


def customers(world: World) -> list[Customer]:
    """Every customer, in the order of becoming one."""
    return world.chapter(_customers)


def _orders(world: World) -> list[Order]:
    return marketplace.orders(world, "youzan", _SHARE)


def _customers(world: World) -> list[Customer]:
    rng = world.dice("youzan customers")
    bought: dict[str, list[Order]] = {}
    for order in orders(world):
        bought.setdefault(order.person, []).append(order)
    found = []
    for person in world.people:
        placed = bought.get(person.id, [])
        if not placed and rng.random() >= _LOOKS:
            continue
        is_old = rng.random() < 0.6
        day = world.calendar.ago(rng.randint(world.calendar.history_days + 15, 700) if is_old else rng.randint(-2, 30))
        came = moment(rng, day)
        if placed:
            came = min(came, placed[0].created_at - timedelta(minutes=9))
        found.append(Customer(person.id, came, rng.random() < 0.5, tuple(placed)))
    return sorted(found, key=lambda customer: (customer.created_at, customer.person))


def accounts(world: World) -> Iterator[tuple[Account, str]]:
    """Customers of the shop."""
    for customer in customers(world):
        yield (ACCOUNT, KDT_ID, yz_open_id(world, customer.person)), customer.person


def evidence(world: World, day: date) -> Iterator[tuple[Account, set[Identifier]]]:
    """A customer shows the shop's own id; who bought or came in the days that were read also the ids of WeChat."""
    from tests.sandbox.world.truth import night

    start = datetime.combine(world.calendar.first, time(), SHANGHAI)
    end = night(day)
    for customer in customers(world):
        known = yz_open_id(world, customer.person)
        ids: set[Identifier] = {("yz_open_id", known, customer.person)}
        bought = any(order.exists(end) and order.modified(end) >= start for order in customer.orders)
        if bought or start <= customer.created_at < end:
            ids |= _at_wechat(world, customer.person)
        if customer.created_at < end:
            yield (ACCOUNT, KDT_ID, known), ids


def _at_wechat(world: World, person: str) -> set[Identifier]:
    ids: set[Identifier] = {("openid", openid(world, MINI_APPID, person), person)}
    if bound := unionid(world, world.person(person)):
        ids.add(("unionid", bound, person))
    return ids
