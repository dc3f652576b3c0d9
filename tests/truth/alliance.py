"""What the lists of a partner brand must bring."""

from __future__ import annotations

from tests.sandbox.world.systems import alliance
from tests.truth import Wire, of_files

TRUTH = {
    "members": of_files(alliance.members, ("contract", "phone_hash"), ("segment", "is_listed"), version="changed_at"),
}

WIRE = Wire(speaks="sftp", token="none")
