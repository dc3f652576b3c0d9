"""Supermarkets: what each of their stores sold of our articles per day. There is no customer in it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from tests.sandbox.world.catalogue import ITEMS, Item

if TYPE_CHECKING:
    from tests.sandbox.world import World

EDI_RETAILER = "3323456007896"
"""Sends EANCOM SLSRPT; retailers and their stores are known by GLN."""
CSV_RETAILER = "3323456007902"
"""Sends the portal's CSV export."""


@dataclass(frozen=True, slots=True)
class StoreSale:
    """One store, article and day; a day of returns only has a negative quantity."""

    retailer: str
    store: str
    gtin: str
    day: date
    quantity: int
    fen: int


def gln(number: int) -> str:
    """A global location number of a store, with its check digit."""
    return with_check_digit(f"69{number:010d}")


def gtin(item: Item) -> str:
    """The GTIN-13 of an article."""
    return with_check_digit(f"690123{item.item_no}")


def with_check_digit(body: str) -> str:
    """Twelve digits and the GS1 check digit."""
    total = sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(body))
    return body + str((10 - total % 10) % 10)


def sales(world: World) -> list[StoreSale]:
    """Some articles of every store and day."""
    rng = world.dice("sell-through")
    found = []
    for day in world.calendar.days():
        for retailer, first in ((EDI_RETAILER, 100), (CSV_RETAILER, 200)):
            for store in range(first, first + 3):
                for item in rng.sample(ITEMS, 5):
                    quantity = rng.choices((rng.randint(1, 30), -1), (97, 3))[0]
                    found.append(
                        StoreSale(retailer, gln(store), gtin(item), day, quantity, quantity * item.fen * 88 // 100)
                    )
    return found
