"""What our own tracking must bring."""

from __future__ import annotations

from tests.sandbox.world.systems import tracking
from tests.truth import Wire, of_files

TRUTH = {
    "events": of_files(
        tracking.events, ("event_id",), ("event", "openid", "unionid", "user_id", "phone_sha256", "sku")
    ),
}

WIRE = Wire(speaks="sftp", token="none")
