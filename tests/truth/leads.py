"""What the lists of leads must bring."""

from __future__ import annotations

from tests.sandbox.world.systems import leads
from tests.truth import Wire, of_files

TRUTH = {
    "leads": of_files(leads.leads, ("lead_id",), ("origin", "phone", "consent")),
}

WIRE = Wire(speaks="sftp", token="none")
