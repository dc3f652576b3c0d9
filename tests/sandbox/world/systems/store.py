"""More of the stores: how receipts were paid, who walked through the doors, and where the stores are."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING

from quanyu.contracts import SHANGHAI
from tests.sandbox.world.catalogue import CLOSED_STORE, STORES, TOWNS
from tests.sandbox.world.model import Receipt

if TYPE_CHECKING:
    from tests.sandbox.world import World

COORDINATES = (
    ("120.0234", "30.2741"),
    ("121.5447", "31.2215"),
    ("118.7696", "32.0662"),
    ("113.9304", "22.5329"),
    ("104.0430", "30.6420"),
    ("114.3432", "30.5003"),
)
"""Longitude and latitude in GCJ-02, as Chinese maps have them."""


@dataclass(frozen=True, slots=True)
class Tender:
    """One way in which a receipt was paid; `fen` is negative on a return and for change."""

    receipt: Receipt
    number: int
    pay_way: str
    fen: int


@dataclass(frozen=True, slots=True)
class Count:
    """What a door counted in an hour."""

    store: str
    door: str
    start: datetime
    came: int
    left: int


def tenders(world: World) -> list[Tender]:
    """One tender per receipt; who pays in cash gives round notes and takes change, some split with a voucher."""
    rng = world.dice("store tenders")
    found = []
    for receipt in world.receipts:
        due = sum(-line.fen if line.sell_way == "B" else line.fen for line in receipt.lines)
        if due > 2000 and rng.random() < 0.06:
            found += [Tender(receipt, 1, "VOUCHER", 1000), Tender(receipt, 2, receipt.pay_way, due - 1000)]
        elif receipt.pay_way == "CASH" and due > 0:
            given = -(-due // 10000) * 10000
            found += [Tender(receipt, 1, "CASH", given), Tender(receipt, 2, "CHANGE", due - given)]
        else:
            found.append(Tender(receipt, 1, receipt.pay_way, due))
    return found


def footfall(world: World) -> list[Count]:
    """Both doors of every open store, from ten to ten."""
    rng = world.dice("store footfall")
    found = []
    for day in world.calendar.days():
        for store in STORES:
            if store == CLOSED_STORE and day.weekday() == 0:
                continue
            for door in ("front", "mall"):
                for hour in range(10, 22):
                    start = datetime.combine(day, time(hour), SHANGHAI)
                    came = rng.randint(0, 25)
                    found.append(Count(store, door, start, came, max(0, came + rng.randint(-3, 3))))
    return found


def directory() -> list[dict[str, str]]:
    """The stores, with their place."""
    found = []
    for number, (store, (province, city, district), (longitude, latitude)) in enumerate(
        zip(STORES, TOWNS, COORDINATES, strict=True)
    ):
        found.append(
            {
                "store_code": store,
                "store_name": f"全域{city}{number + 1}店",
                "province": province,
                "city": city,
                "district": district,
                "longitude": longitude,
                "latitude": latitude,
                "opened_on": (datetime(2019, 3, 1, tzinfo=SHANGHAI) + timedelta(days=200 * number)).date().isoformat(),
                "closed_on": "",
            }
        )
    return found
