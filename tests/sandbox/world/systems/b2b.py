"""Wholesale: companies and their orders. No person buys here, and none of it is near identity."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from tests.sandbox.world.calendar import moment
from tests.sandbox.world.catalogue import ITEMS
from tests.sandbox.world.facts import Fact, in_order, text, yuan

if TYPE_CHECKING:
    from tests.sandbox.world import World

_CODES = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_WEIGHTS = tuple(pow(3, power, 31) for power in range(17))


def credit_code(number: int) -> str:
    """A unified social credit code (统一社会信用代码) with its check digit, after GB 32100-2015."""
    body = f"91330100MA{number:07d}"
    total = sum(_CODES.index(sign) * weight for sign, weight in zip(body, _WEIGHTS, strict=True))
    return body + _CODES[(31 - total % 31) % 31]


def companies(world: World) -> list[Fact]:
    """Dealers, entered in the first days of the history and promoted later."""
    rng = world.dice("b2b companies")
    found = []
    for number in range(1, 13):
        at = moment(rng, world.calendar.first, 9, 18)
        row = {
            "credit_code": credit_code(number),
            "company": f"示例母婴用品第{number}有限公司",
            "tier": "C",
            "city": rng.choice(("杭州市", "南京市", "武汉市")),
            "updated_at": text(at),
        }
        found.append(Fact(at, row))
        if rng.random() < 0.4:
            later = at + timedelta(days=rng.randint(2, 25))
            found.append(Fact(later, {**row, "tier": "B", "updated_at": text(later)}))
    return in_order(found)


def orders(world: World) -> list[Fact]:
    """One row per order and state: placed, then delivered."""
    rng = world.dice("b2b orders")
    found = []
    for number in range(1, 31):
        at = moment(rng, world.calendar.ago(rng.randint(-2, world.calendar.history_days)), 9, 18)
        item, quantity = rng.choice(ITEMS), rng.randint(4, 40) * 12
        row = {
            "order_no": f"B{number:06d}",
            "credit_code": credit_code(rng.randint(1, 12)),
            "sku": item.sku,
            "quantity": str(quantity),
            "amount_yuan": yuan(item.fen * quantity * 62 // 100),
            "status": "placed",
            "ordered_at": text(at),
            "updated_at": text(at),
        }
        found.append(Fact(at, row))
        delivered = at + timedelta(days=rng.randint(1, 6))
        found.append(Fact(delivered, {**row, "status": "delivered", "updated_at": text(delivered)}))
    return in_order(found)
