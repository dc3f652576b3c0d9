"""Chance that repeats: what happens to a message depends on the message alone, and when it goes out on the day."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta

from tests.sandbox.platform import Clock


def share(*parts: object) -> float:
    """A number in [0, 1) that is the same for the same `parts` in every run."""
    digest = hashlib.sha256("|".join(map(str, parts)).encode()).digest()
    return int.from_bytes(digest[:6], "big") / 2**48


def send_time(clock: Clock) -> datetime:
    """When messages of the day after the world's `today` go out.

    Nine in the morning whatever the real hour: a sender with a frozen clock must find its messages in a
    window that ends at its own "now".
    """
    return clock.end + timedelta(hours=9)
