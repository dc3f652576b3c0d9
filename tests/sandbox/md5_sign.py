"""The signature that JD and Pinduoduo share: sorted names and raw values between the secret, MD5, upper-case hex."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping


def md5_sign(params: Mapping[str, str], secret: str) -> str:
    """Sign everything but the signature itself."""
    parts = [name + params[name] for name in sorted(params) if name != "sign"]
    return hashlib.md5("".join([secret, *parts, secret]).encode()).hexdigest().upper()
