"""The WeChat Store (微信小店): orders, their after-sales, and members, some of whom show their phone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING

from quanyu.contracts import SHANGHAI
from tests.sandbox.world import marketplace
from tests.sandbox.world.calendar import moment
from tests.sandbox.world.marketplace import Order, OrderRefund
from tests.sandbox.world.model import Account, Person
from tests.sandbox.world.openids import STORE_APPID, openid

if TYPE_CHECKING:
    from tests.sandbox.world import World
    from tests.sandbox.world.truth import Identifier

ACCOUNT = "wechat_store_user"

_SHARE = {
    "regular": 0.45,
    "online": 0.5,
    "store_shopper": 0.2,
    "new_fan": 0.2,
    "old_fan": 0.2,
    "passer_by": 0.05,
}
_FIRST_ORDER = 3_705_115_000_000_000_000
_FIRST_AFTER_SALE = 2_000_000_100_000


@dataclass(frozen=True, slots=True)
class StoreMember:
    """A member of the store; `phone` is what the platform shows, masked for those who did not allow it in clear."""

    openid: str
    unionid: str
    phone: str
    grade: int
    experience: int
    joined_at: datetime
    person: str


def order_id(order: Order) -> int:
    """Above 2^53."""
    return _FIRST_ORDER + order.number * 7919


def after_sale_id(refund: OrderRefund) -> int:
    """A number that is exact everywhere."""
    return _FIRST_AFTER_SALE + refund.number


def unionid(world: World, person: Person) -> str:
    """Empty for those who bought before the store was bound to the open platform account."""
    return "" if world.dice(f"wechat_store bound:{person.id}").random() < 0.06 else person.unionid


def orders(world: World) -> list[Order]:
    """Every order, oldest first."""
    return world.chapter(_orders)


def members(world: World) -> list[StoreMember]:
    """Every member, in the order of joining."""
    return world.chapter(_members)


def _orders(world: World) -> list[Order]:
    return marketplace.orders(world, "wechat_store", _SHARE)


def _members(world: World) -> list[StoreMember]:
    rng = world.dice("wechat_store members")
    buyers = {order.person: order for order in reversed(orders(world))}
    found = []
    for person in world.people:
        first = buyers.get(person.id)
        if rng.random() >= (0.7 if first else _SHARE.get(person.persona, 0.0) / 4):
            continue
        joined = (
            first.created_at + timedelta(minutes=7) if first else moment(rng, world.calendar.ago(rng.randint(-2, 400)))
        )
        phone = person.phones[0]
        shown = rng.choices((phone, f"{phone[:3]}****{phone[-4:]}", ""), (55, 25, 20))[0]
        found.append(
            StoreMember(
                openid=openid(world, STORE_APPID, person.id),
                unionid=unionid(world, person),
                phone=shown,
                grade=rng.choices((1, 2, 3), (70, 22, 8))[0],
                experience=rng.randint(0, 4000),
                joined_at=joined,
                person=person.id,
            )
        )
    return sorted(found, key=lambda member: (member.joined_at, member.openid))


def accounts(world: World) -> Iterator[tuple[Account, str]]:
    """Buyers and members are users of one appid."""
    for person in {order.person for order in orders(world)} | {member.person for member in members(world)}:
        yield (ACCOUNT, STORE_APPID, openid(world, STORE_APPID, person)), person


def evidence(world: World, day: date) -> Iterator[tuple[Account, set[Identifier]]]:
    """An order shows openid and unionid, a member also a phone, where it is in clear."""
    from tests.sandbox.world.truth import night, own_phone

    start = datetime.combine(world.calendar.first, time(), SHANGHAI)
    end = night(day)
    for order in orders(world):
        if order.exists(end) and order.modified(end) >= start:
            yield _shown(world, order.person)
    for member in members(world):
        if member.joined_at < end:
            account, ids = _shown(world, member.person)
            yield account, ids | own_phone(world, member.phone, member.person)


def _shown(world: World, person_id: str) -> tuple[Account, set[Identifier]]:
    person = world.person(person_id)
    known = openid(world, STORE_APPID, person_id)
    ids: set[Identifier] = {("openid", known, person_id)}
    if bound := unionid(world, person):
        ids.add(("unionid", bound, person_id))
    return (ACCOUNT, STORE_APPID, known), ids
