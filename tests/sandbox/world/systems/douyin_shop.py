"""The Douyin shop (抖店): orders, of which live sessions and creators sold some, and their after-sales."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import TYPE_CHECKING

from quanyu.contracts import SHANGHAI
from tests.sandbox.world import marketplace
from tests.sandbox.world.marketplace import Order, OrderLine, OrderRefund
from tests.sandbox.world.model import Account

if TYPE_CHECKING:
    from tests.sandbox.world import World
    from tests.sandbox.world.truth import Identifier

ACCOUNT = "douyin_buyer"
APP = "7012345678901234567"
"""The app key; scope of `doudian_open_id`."""
SHOP_ID = 7784061
"""Scope of a phone's index."""

# Live sessions sell to people who never heard of the brand.
_SHARE = {
    "regular": 0.35,
    "online": 0.55,
    "store_shopper": 0.3,
    "new_fan": 0.3,
    "old_fan": 0.3,
    "passer_by": 0.2,
}
_FIRST_ORDER = 6_920_001_000_000_000_000
_FIRST_AFTER_SALE = 7_150_002_000_000_000_000
_FIRST_ROOM = 7_400_000_000_000_000_000


@dataclass(frozen=True, slots=True)
class Sold:
    """Who sold an order: a creator, in a live session or (no room) by a video; nobody where both are 0."""

    author_id: int = 0
    author_name: str = ""
    room_id: int = 0


CREATORS = (
    Sold(3_301_000_000_000_001, "全域母婴官方旗舰店"),
    Sold(3_301_000_000_000_002, "奶爸测评"),
    Sold(3_301_000_000_000_003, "糖糖妈的待产包"),
)


def order_id(order: Order) -> str:
    """The number of an order; above 2^53."""
    return str(_FIRST_ORDER + order.number * 7919)


def line_id(order: Order, line: OrderLine) -> str:
    """The number of a line."""
    return str(_FIRST_ORDER + order.number * 7919 + line.number)


def after_sale_id(refund: OrderRefund) -> int:
    """The number of an after-sale; above 2^53."""
    return _FIRST_AFTER_SALE + refund.number * 13


def open_id(world: World, person: str) -> str:
    """The buyer as this app sees it."""
    return world.code("douyin open_id", person, "1@#", 40)


def phone(world: World, order: Order) -> str:
    """The number that was given for the parcel: the buyer's own; empty where nothing is sent."""
    own = world.person(order.person).phones
    return "" if order.number % 25 == 0 else own[0 if order.number % 7 == 0 else -1]


def phone_index(world: World, number: str) -> str:
    """What this shop's ciphers of a number have in common."""
    return world.code("douyin phone index", number, "", 43) + "="


def sold(world: World, order: Order) -> Sold:
    """Who sold it; a creator is live once a day."""
    rng = world.dice(f"douyin_shop sold:{order.number}")
    chance, creator = rng.random(), rng.randrange(len(CREATORS))
    if chance > 0.55:
        return Sold()
    of = CREATORS[creator]
    room = _FIRST_ROOM + creator * 10_000_000 + order.created_at.toordinal()
    return Sold(of.author_id, of.author_name, room if chance < 0.4 else 0)


def orders(world: World) -> list[Order]:
    """Every order, oldest first."""
    return world.chapter(_orders)


def _orders(world: World) -> list[Order]:
    return marketplace.orders(world, "douyin_shop", _SHARE)


def accounts(world: World) -> Iterator[tuple[Account, str]]:
    """Buyers, as the app sees them."""
    for person in {order.person for order in orders(world)}:
        yield (ACCOUNT, APP, open_id(world, person)), person


def evidence(world: World, day: date) -> Iterator[tuple[Account, set[Identifier]]]:
    """An order shows the buyer's id and the index of the phone."""
    from tests.sandbox.world.truth import night

    start = datetime.combine(world.calendar.first, time(), SHANGHAI)
    end = night(day)
    for order in orders(world):
        if order.exists(end) and order.modified(end) >= start:
            known, number = open_id(world, order.person), phone(world, order)
            ids: set[Identifier] = {("douyin_open_id", known, order.person)}
            if number:
                ids.add(("douyin_phone_index", phone_index(world, number), order.person))
            yield (ACCOUNT, APP, known), ids
