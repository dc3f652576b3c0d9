"""Pinduoduo (拼多多): orders and refunds of a shop. It shows nobody, so no account and no evidence comes from here."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from tests.sandbox.world import marketplace
from tests.sandbox.world.marketplace import Order, OrderRefund

if TYPE_CHECKING:
    from tests.sandbox.world import World

_SHARE = {
    "regular": 0.55,
    "online": 0.7,
    "store_shopper": 0.35,
    "new_fan": 0.35,
    "old_fan": 0.3,
    "passer_by": 0.15,
}
_FIRST_REFUND = 301_851_000


def order_sn(order: Order) -> str:
    """The number of an order: the day it was placed, then fifteen digits."""
    return f"{order.created_at:%y%m%d}-{355_530_000_000_000 + order.number * 104_729:015d}"


def refund_id(refund: OrderRefund) -> int:
    """The number of a refund."""
    return _FIRST_REFUND + refund.number


def orders(world: World) -> list[Order]:
    """Every order that was ever paid, oldest first: the platform shows none before."""
    return world.chapter(_orders)


def is_shown(order: Order, at: datetime) -> bool:
    """Whether it was paid before `at`."""
    return order.paid_at is not None and order.paid_at < at


def _orders(world: World) -> list[Order]:
    return [
        order for order in marketplace.orders(world, "pinduoduo", _SHARE, refunded=0.3) if order.paid_at is not None
    ]


def refunds(world: World) -> list[tuple[Order, OrderRefund]]:
    """Every refund that was asked for, with its order."""
    return [(order, order.refund) for order in orders(world) if order.refund is not None]
