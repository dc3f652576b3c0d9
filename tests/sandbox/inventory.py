"""The inventory system's export: the evening count of each day."""

from __future__ import annotations

from typing import ClassVar

from tests.sandbox.daily_files import DailyFiles, Kind
from tests.sandbox.world.systems import inventory


class Inventory(DailyFiles):
    """One SFTP account."""

    name: ClassVar[str] = "inventory"
    kinds: ClassVar[tuple[Kind, ...]] = (
        Kind(
            "STOCK", inventory.stock, "counted_on,location,location_kind,sku,on_hand,reserved,in_transit", odd="on_hand"
        ),
    )
