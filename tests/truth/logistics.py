"""What the carriers must bring."""

from __future__ import annotations

from tests.sandbox.world.systems import logistics
from tests.truth import Wire, of_files

TRUTH = {
    "parcels": of_files(logistics.parcels, ("waybill_no",), ("status", "order_no", "city"), version="updated_at"),
}

WIRE = Wire(speaks="sftp", token="none")
