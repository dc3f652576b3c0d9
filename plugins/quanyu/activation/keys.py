"""Keys made from the business act, never from chance: the same act always has the same key."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable
from datetime import date


def message_key(
    vault_key: bytes, *, one_id: str, channel: str, campaign: str, act_version: int, business_date: date
) -> str:
    """HMAC-SHA-256 of person, channel, campaign, act version and business date, in 64 hex digits."""
    act = "|".join(("message", one_id, channel, campaign, str(act_version), business_date.isoformat()))
    return hmac.new(vault_key, act.encode(), hashlib.sha256).hexdigest()


def batch_key(keys: Iterable[str], attempt: int) -> str:
    """Name a batch by its messages and the attempt that fixed it: 48 hex digits, below WeChat's 64 bytes."""
    named = "|".join((*sorted(keys), str(attempt)))
    return hashlib.sha256(named.encode()).hexdigest()[:48]


def holdout_salt(vault_key: bytes, campaign: str) -> str:
    """Make each campaign draw its own holdout, and nobody outside able to foretell it."""
    return hmac.new(vault_key, f"holdout|{campaign}".encode(), hashlib.sha256).hexdigest()
