"""Files that ad platforms take: hashes of phones, zipped in memory; nothing of them is written to a disk."""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Callable, Iterable, Mapping, Sequence

from quanyu.contracts import Member, Receipt, Verdict
from quanyu.transport import Parts

_MAINLAND = "+86"
_NO_PHONE = "not a mainland number"


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
    return Parts(data=fields, files={"file": ("part-0.zip", content, "application/zip")})


def handed_over(members: Sequence[Member], upload: Callable[[Sequence[str]], str]) -> list[Receipt]:
    """Upload the hashes of members' phones as one file; its ticket is the `provider_id` of whoever is in it.

    `upload` returns the ticket, empty while the platform takes none. Whoever has no mainland number is refused.
    """
    hashes = {member.key: phone_hash(member.address) for member in members}
    known = sorted({digest for digest in hashes.values() if digest})
    ticket = upload(known) if known else ""
    verdict = Verdict.UNKNOWN if ticket else Verdict.LATER
    return [
        Receipt(key=key, verdict=verdict, provider_id=ticket)
        if digest
        else Receipt(key=key, verdict=Verdict.REFUSED, code=_NO_PHONE)
        for key, digest in hashes.items()
    ]
