"""The brand's web tier: what it was called back with, one file of JSON Lines a day and kind."""

from __future__ import annotations

from typing import ClassVar

from tests.sandbox.daily_files import DailyFiles, Kind
from tests.sandbox.world.systems import callbacks


class Callbacks(DailyFiles):
    """One SFTP account."""

    name: ClassVar[str] = "callbacks"
    kinds: ClassVar[tuple[Kind, ...]] = (
        Kind("RECEIPTS", callbacks.receipts, "event_id,channel,received_at,body", odd="received_at", ending="jsonl"),
        Kind("OPTOUTS", callbacks.opt_outs, "event_id,channel,received_at,body", odd="received_at", ending="jsonl"),
        Kind(
            "SUBSCRIPTIONS",
            callbacks.subscriptions,
            "event_id,channel,received_at,body",
            odd="received_at",
            ending="jsonl",
        ),
    )
