"""What the inventory system must bring."""

from __future__ import annotations

from tests.sandbox.world.systems import inventory
from tests.truth import Wire, of_files

TRUTH = {
    "stock": of_files(inventory.stock, ("counted_on", "location", "sku"), ("on_hand", "reserved")),
}

WIRE = Wire(speaks="sftp", token="none")
