"""What the lists of consents must bring."""

from __future__ import annotations

from tests.sandbox.world.systems import consent_import
from tests.truth import Wire, of_files

TRUTH = {
    "entries": of_files(consent_import.entries, ("entry_id",), ("act", "account_type", "account_id", "is_granted")),
}

WIRE = Wire(speaks="sftp", token="none")
