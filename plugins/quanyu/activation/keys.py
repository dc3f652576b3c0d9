"""Keys made from the business act, never from chance: the same act always has the same key."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable

MESSAGE_KEY = """
encode(sha256(%(outer)s || sha256(%(inner)s || convert_to(concat_ws(
    '|', one_id, channel, %(segment)s, %(version)s::text, to_char(%(date)s::date, 'YYYY-MM-DD')
), 'UTF8'))), 'hex')
"""
"""HMAC-SHA-256 of person, channel, campaign, act version and business date in 64 hex digits, with `message_pads`."""


def message_pads(vault_key: bytes) -> tuple[bytes, bytes]:
    """The inner and the outer pad (RFC 2104, section 2) of a key that is good for naming messages and nothing else.

    A million messages are named where they are written; the vault's own key never goes there.
    """
    key = hmac.digest(vault_key, b"message", "sha256").ljust(64, b"\0")
    return bytes(byte ^ 0x36 for byte in key), bytes(byte ^ 0x5C for byte in key)


def batch_key(keys: Iterable[str], attempt: int) -> str:
    """Name a batch by its messages and the attempt that fixed it: 48 hex digits, below WeChat's 64 bytes."""
    named = "|".join((*sorted(keys), str(attempt)))
    return hashlib.sha256(named.encode()).hexdigest()[:48]


def holdout_salt(vault_key: bytes, campaign: str) -> str:
    """Make each campaign draw its own holdout, and nobody outside able to foretell it."""
    return hmac.new(vault_key, f"holdout|{campaign}".encode(), hashlib.sha256).hexdigest()
