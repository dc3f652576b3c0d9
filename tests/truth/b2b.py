"""What wholesale must bring."""

from __future__ import annotations

from tests.sandbox.world.systems import b2b
from tests.truth import Wire, of_files

TRUTH = {
    "companies": of_files(b2b.companies, ("credit_code",), ("company", "tier"), version="updated_at"),
    "orders": of_files(b2b.orders, ("order_no",), ("status", "amount_yuan", "quantity"), version="updated_at"),
}

WIRE = Wire(speaks="sftp", token="none")
