"""Personal data: what stands in for a value at rest, and the one place that gives the value back.

A token is a keyed hash of the value's normal form, so the same phone is the same token from every
source, and nobody without the key can test a guess. The ciphertext is bound to its token. Both keys
are derived from the one vault key, which is never in the database.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache

import phonenumbers
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from psycopg import sql
from psycopg.rows import TupleRow

from quanyu.contracts import Personal
from quanyu.errors import ConfigurationError
from quanyu.warehouse import Connection, copy_rows

INVALID = "xx"
"""Prefix of a value that is no phone, hash or day: it may be revealed, it is never identity and never an address."""

_PREFIX = {
    Personal.PHONE: "ph",
    Personal.PHONE_MD5: "pm",
    Personal.PHONE_SHA256: "ps",
    Personal.NAME: "nm",
    Personal.EMAIL: "em",
    Personal.ADDRESS: "ad",
    Personal.ID_NUMBER: "id",
    Personal.TEXT: "tx",
}
_DIGEST_LENGTH = {Personal.PHONE_MD5: 32, Personal.PHONE_SHA256: 64}
_MOBILE = {phonenumbers.PhoneNumberType.MOBILE, phonenumbers.PhoneNumberType.FIXED_LINE_OR_MOBILE}
_PHONE_CHARACTERS = re.compile(r"[\d\s+().-]+")
_DAYS = (
    re.compile(r"\d{4}[-/.年](\d{1,2})[-/.月](\d{1,2})日?(?:[T ].*)?"),
    re.compile(r"(?:\d{4}|--)(\d{2})(\d{2})"),
)
_NONCE_BYTES = 12
_LENIENT = "surrogatepass"  # half an emoji, cut off by a platform's length limit, must not stop a night


@dataclass(frozen=True, slots=True)
class Token:
    """What lands instead of a personal value.

    `clear` is the normal form, held in memory only and empty when there is nothing to keep;
    `aliases` are the tokens of the hashes by which other platforms know the same phone.
    """

    token: str
    kind: Personal
    clear: str = field(default="", repr=False)
    aliases: tuple[str, ...] = ()


class Vault:
    """Tokenise, store, reveal and erase personal values under one key of 32 bytes."""

    def __init__(self, key: bytes) -> None:
        if len(key) != 32:
            raise ConfigurationError("the vault key is not 32 bytes.", remedy="make one: openssl rand -base64 32")
        self._mac_key = _derived(key, b"quanyu.vault.token")
        self._cipher = AESGCM(_derived(key, b"quanyu.vault.cipher"))
        # One receipt repeats its phone on every line, and parsing a phone costs more than all the rest.
        self._remembered = lru_cache(maxsize=1 << 16)(self._tokenise)

    def tokenise(self, kind: Personal, value: str) -> Token:
        """Make the token of a value that is not blank, by its normal form."""
        return self._remembered(kind, value)

    def _tokenise(self, kind: Personal, value: str) -> Token:
        if kind is Personal.BIRTHDAY:
            # The year is dropped for good: a greeting needs none, and a full date singles people out.
            return Token(_month_and_day(value) or self._mac(INVALID, kind, _tidy(value)), kind)
        normal = _normal_form(kind, value)
        if normal is None:
            return Token(self._mac(INVALID, kind, _tidy(value)), kind, _tidy(value))
        aliases = self._phone_aliases(normal) if kind is Personal.PHONE else ()
        return Token(self._mac(_PREFIX[kind], kind, normal), kind, normal, aliases)

    def store(self, connection: Connection, tokens: Iterable[Token]) -> None:
        """Keep the ciphertexts and aliases of tokens; those already known stay as they are."""
        self.stage(connection, tokens)
        self.keep_staged(connection)

    def stage(self, connection: Connection, tokens: Iterable[Token]) -> None:
        """Encrypt into tables of this session, so that a long reading holds neither values nor a transaction."""
        unique = {token.token: token for token in tokens if token.clear}
        connection.execute("create temporary table if not exists staged_secret (like vault.secret)")
        connection.execute("create temporary table if not exists staged_alias (like vault.alias)")
        secrets = ((t.token, t.kind.value, self._seal(t)) for t in unique.values())
        copy_rows(connection, sql.Identifier("staged_secret"), ("token", "kind", "ciphertext"), secrets)
        aliases = ((alias, t.token) for t in unique.values() for alias in t.aliases)
        copy_rows(connection, sql.Identifier("staged_alias"), ("alias_token", "token"), aliases)

    def keep_staged(self, connection: Connection) -> None:
        """Move what `stage` collected into the vault, within the caller's transaction."""
        # Two entities landing at once meet the same people; sorted inserts would still wait on each other twice.
        connection.execute("select pg_advisory_xact_lock(hashtext('quanyu.vault'))")
        connection.execute("insert into vault.secret select * from staged_secret on conflict do nothing")
        connection.execute("insert into vault.alias select * from staged_alias on conflict do nothing")
        connection.execute("truncate staged_secret, staged_alias")

    def reveal(self, connection: Connection, tokens: Iterable[str]) -> dict[str, str]:
        """Give back the normal forms; a token that is unknown or erased is absent.

        Raises ConfigurationError when the key is not the one the values were stored under.
        """
        found = connection.execute(
            "select token, ciphertext from vault.secret where token = any(%s)", [list(set(tokens))]
        )
        return dict(self._opened(found))

    def erase(self, connection: Connection, tokens: Iterable[str]) -> int:
        """Forget the values and aliases of tokens for ever; return how many values went."""
        erased = connection.execute(
            """with gone as (delete from vault.alias where token = any(%(tokens)s) returning alias_token)
            delete from vault.secret
            where token = any(%(tokens)s) or token in (select alias_token from gone)""",
            {"tokens": list(set(tokens))},
        )
        return erased.rowcount

    def _mac(self, prefix: str, kind: Personal, normal: str) -> str:
        digest = hmac.digest(self._mac_key, f"{kind.value}:{normal}".encode(errors=_LENIENT), "sha256")
        return f"{prefix}_{digest[:16].hex()}"

    def _phone_aliases(self, e164: str) -> tuple[str, ...]:
        """Tokens of the MD5 and SHA-256 of the 11 digits; platforms hash mainland numbers only."""
        if not re.fullmatch(r"\+86\d{11}", e164):
            return ()
        digits = e164[3:].encode()
        hashes = {
            Personal.PHONE_MD5: hashlib.md5(digits, usedforsecurity=False).hexdigest(),
            Personal.PHONE_SHA256: hashlib.sha256(digits).hexdigest(),
        }
        return tuple(self._mac(_PREFIX[kind], kind, digest) for kind, digest in hashes.items())

    def _seal(self, token: Token) -> bytes:
        nonce = os.urandom(_NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, token.clear.encode(errors=_LENIENT), token.token.encode())

    def _opened(self, rows: Iterable[TupleRow]) -> Iterator[tuple[str, str]]:
        for token, sealed in rows:
            try:
                clear = self._cipher.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], token.encode())
            except InvalidTag:
                raise ConfigurationError(
                    f"the vault key does not open {token}.",
                    remedy="set QUANYU_VAULT_KEY to the key under which this warehouse was filled.",
                ) from None
            yield token, clear.decode(errors=_LENIENT)


def _derived(key: bytes, use: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=use).derive(key)


def _tidy(value: str) -> str:
    """Full-width forms to ASCII, runs of white space to one space."""
    return " ".join(unicodedata.normalize("NFKC", value).split())


def _settled(value: str, step: Callable[[str], str]) -> str:
    """Repeat until nothing changes: a removed space lets marks combine anew, a change of case can undo NFKC."""
    while (after := step(value)) != value:
        value = after
    return value


def _normal_form(kind: Personal, value: str) -> str | None:
    """What all spellings of a value share; None when it is not what its kind says."""
    match kind:
        case Personal.PHONE:
            return _e164(_tidy(value))
        case Personal.PHONE_MD5 | Personal.PHONE_SHA256:
            digest = _tidy(value).lower()
            return digest if re.fullmatch(rf"[0-9a-f]{{{_DIGEST_LENGTH[kind]}}}", digest) else None
        case Personal.EMAIL:
            return _settled(value, lambda text: _tidy(text).lower())
        case Personal.ID_NUMBER:
            return _settled(value, lambda text: _tidy(text).replace(" ", "").upper())
        case _:
            return _settled(value, _tidy)


def _e164(text: str) -> str | None:
    """Mobile numbers in E.164; None for what no person answers: masked, virtual, landline, hotline, typo."""
    # The library would read letters as keypad digits and skip what it cannot read.
    if not _PHONE_CHARACTERS.fullmatch(text):
        return None
    try:
        number = phonenumbers.parse(text, "CN")
    except phonenumbers.NumberParseException:
        return None
    if phonenumbers.number_type(number) not in _MOBILE:
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def _month_and_day(value: str) -> str | None:
    """`--MMDD` (RFC 6350) of a date in any of the usual spellings; None when there is no such day."""
    found = next(filter(None, (pattern.fullmatch(_tidy(value)) for pattern in _DAYS)), None)
    if found is None:
        return None
    month, day = map(int, found.groups())
    try:
        return date(2000, month, day).strftime("--%m%d")  # a leap year: 29 February is a birthday
    except ValueError:
        return None
