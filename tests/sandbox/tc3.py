"""The gate of Tencent Cloud's API 3.0: TC3-HMAC-SHA256, time stamps, actions.

The signature is rebuilt from the headers that the caller lists and the bytes that came; content-type and host must be
among them.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

ALGORITHM = "TC3-HMAC-SHA256"
CLOCK_SKEW = 300
"""Seconds that a caller's clock may be off."""

_AUTHORIZATION = re.compile(
    rf"{ALGORITHM} Credential=([^/]+)/(\d{{4}}-\d\d-\d\d)/(\w+)/tc3_request, ?"
    r"SignedHeaders=([^,]+), ?Signature=([0-9a-f]{64})"
)


class ApiError(Exception):
    """What comes as `Response.Error`."""

    def __init__(self, code: str, message: str = "") -> None:
        super().__init__(code)
        self.code = code
        self.message = message or code


@dataclass(frozen=True)
class Gate:
    """One service and the keys (SecretId -> SecretKey) that may call it."""

    keys: Mapping[str, str]
    service: str
    version: str

    def check(self, headers: Mapping[str, str], body: bytes) -> None:
        """Raise ApiError unless the request, a POST to `/`, may pass; `headers` have lowercase names."""
        found = _AUTHORIZATION.fullmatch(headers.get("authorization", ""))
        if found is None or found[3] != self.service:
            raise ApiError("AuthFailure.InvalidAuthorization", "Authorization does not conform to the standard.")
        key, day, _, signed, given = found.groups()
        if key not in self.keys:
            raise ApiError("AuthFailure.SecretIdNotFound", "The SecretId is not found.")
        if headers.get("x-tc-version") != self.version:
            raise ApiError("NoSuchVersion", "The version does not exist.")
        at = headers.get("x-tc-timestamp", "")
        # Real time, not the sandbox's: a test that lets a day pass must not spoil every signature.
        if not at.isdigit() or abs(datetime.now(UTC).timestamp() - int(at)) > CLOCK_SKEW:
            raise ApiError("AuthFailure.SignatureExpire", "The signature is expired.")
        names = signed.split(";")
        if not {"content-type", "host"} <= set(names) or day != f"{datetime.fromtimestamp(int(at), UTC):%Y-%m-%d}":
            raise ApiError("AuthFailure.SignatureFailure", "Not all that must be signed is.")
        if not hmac.compare_digest(self._signature(self.keys[key], names, headers, body, day), given):
            raise ApiError("AuthFailure.SignatureFailure", "The provided credentials could not be validated.")

    def _signature(self, secret: str, names: list[str], headers: Mapping[str, str], body: bytes, day: str) -> str:
        lines = "".join(f"{name}:{headers.get(name, '').strip().lower()}\n" for name in names)
        canonical = f"POST\n/\n\n{lines}\n{';'.join(names)}\n{hashlib.sha256(body).hexdigest()}"
        digest = hashlib.sha256(canonical.encode()).hexdigest()
        text = f"{ALGORITHM}\n{headers['x-tc-timestamp']}\n{day}/{self.service}/tc3_request\n{digest}"
        key = ("TC3" + secret).encode()
        for step in (day, self.service, "tc3_request"):
            key = hmac.digest(key, step.encode(), "sha256")
        return hmac.digest(key, text.encode(), "sha256").hex()
