"""Files that ad platforms take: hashes of phones, zipped in memory; nothing of them is written to a disk."""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Iterable, Mapping
from typing import cast

from quanyu.transport import Parts

_MAINLAND = "+86"


def phone_hash(e164: str) -> str | None:
    """SHA-256 of the 11 digits of a mainland mobile number, lower case; None for any other number.

    Ad platforms know mainland numbers only. The hash of a phone is personal data like the phone.
    """
    digits = e164.removeprefix(_MAINLAND)
    if not e164.startswith(_MAINLAND) or len(digits) != 11:
        return None
    return hashlib.sha256(digits.encode()).hexdigest()


def zipped(lines: Iterable[str]) -> bytes:
    """A zip with one text file of these lines."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("part-0.txt", "".join(f"{line}\n" for line in lines))
    return buffer.getvalue()


def form_with_file(fields: Mapping[str, str], content: bytes) -> Parts:
    """A multipart form with a zip in its field `file`."""
    # httpx makes the form; the transport hands on what its `Parts` do not name.
    return cast(Parts, {"data": fields, "files": {"file": ("part-0.zip", content, "application/zip")}})
