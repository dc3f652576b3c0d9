"""The hashes by which platforms know a phone: the plain ones, and those an operator declares with their salt."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.hashes import SM3, Hash

from quanyu.contracts import Personal
from quanyu.errors import ConfigurationError

_PLACE = "{phone}"
_MAINLAND = re.compile(r"\+86(\d{11})")


@dataclass(frozen=True, slots=True)
class PhoneDigest:
    """One way of hashing a phone: `text`, which may hold a salt, with the 11 digits in the place of `{phone}`."""

    kind: Personal
    algorithm: str
    text: str = field(default=_PLACE, repr=False)

    def of(self, digits: str) -> str:
        """The hash of a phone as platforms write it: hexadecimal, lower case."""
        return _ALGORITHMS[self.algorithm](self.text.replace(_PLACE, digits).encode())


def _md5(data: bytes) -> str:
    return hashlib.md5(data, usedforsecurity=False).hexdigest()


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _sm3(data: bytes) -> str:
    # Python's own OpenSSL may be built without it; the wheel of `cryptography` brings one that has it.
    try:
        state = Hash(SM3())
    except UnsupportedAlgorithm:
        raise ConfigurationError(
            "the OpenSSL that `cryptography` uses has no SM3.",
            remedy="install the wheel of `cryptography` from PyPI instead of one built against the system's OpenSSL.",
        ) from None
    state.update(data)
    return state.finalize().hex()


_ALGORITHMS: dict[str, Callable[[bytes], str]] = {"md5": _md5, "sha256": _sha256, "sm3": _sm3}

PLAIN = (
    PhoneDigest(Personal.PHONE_MD5, "md5"),
    PhoneDigest(Personal.PHONE_SHA256, "sha256"),
    PhoneDigest(Personal.PHONE_SM3, "sm3"),
)


def declared(digests: Mapping[str, str]) -> Iterator[PhoneDigest]:
    """Read `name -> algorithm:text`. Raises ConfigurationError naming the digest, never its text."""
    for name, recipe in digests.items():
        algorithm, _, text = recipe.partition(":")
        if algorithm not in _ALGORITHMS or text.count(_PLACE) != 1:
            raise ConfigurationError(
                f"QUANYU_PHONE_DIGESTS: {name} is not a way to hash a phone.",
                remedy=f"write <algorithm>:<text>, the algorithm one of {', '.join(_ALGORITHMS)}, the text the salt"
                f" with {_PLACE} once where the 11 digits go.",
            )
        yield PhoneDigest(Personal.PHONE_DIGEST, algorithm, text)


def mainland_digits(e164: str) -> str | None:
    """The 11 digits that platforms hash; None for a number of elsewhere, which they do not hash."""
    found = _MAINLAND.fullmatch(e164)
    return found[1] if found else None
