"""What the channels' callbacks must bring."""

from __future__ import annotations

from tests.sandbox.world.systems import callbacks
from tests.truth import Wire, of_files

TRUTH = {
    "receipts": of_files(callbacks.receipts, ("event_id",), ("channel",)),
    "opt_outs": of_files(callbacks.opt_outs, ("event_id",), ("channel",)),
    "subscriptions": of_files(callbacks.subscriptions, ("event_id",), ("channel",)),
}

WIRE = Wire(speaks="sftp", token="none")
