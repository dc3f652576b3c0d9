"""Stock: what every store and the warehouse counted in the evening, per article."""

from __future__ import annotations

from datetime import datetime, time
from typing import TYPE_CHECKING

from quanyu.contracts import SHANGHAI
from tests.sandbox.world.catalogue import ITEMS, STORES
from tests.sandbox.world.facts import Fact

if TYPE_CHECKING:
    from tests.sandbox.world import World

_WAREHOUSE = "WH-HZ"


def stock(world: World) -> list[Fact]:
    """A row per location and article on every lived day; now and then something is sold out."""
    rng = world.dice("inventory")
    found = []
    for day in world.calendar.days():
        at = datetime.combine(day, time(22, 30), SHANGHAI)
        for location in (*STORES, _WAREHOUSE):
            for item in ITEMS:
                many = 900 if location == _WAREHOUSE else 40
                on_hand = 0 if rng.random() < 0.04 else rng.randint(1, many)
                row = {
                    "counted_on": day.isoformat(),
                    "location": location,
                    "location_kind": "warehouse" if location == _WAREHOUSE else "store",
                    "sku": item.sku,
                    "on_hand": str(on_hand),
                    "reserved": str(min(on_hand, rng.randint(0, 5))),
                    "in_transit": str(rng.choice((0, 0, 0, 24, 48))),
                }
                found.append(Fact(at, row))
    return found
