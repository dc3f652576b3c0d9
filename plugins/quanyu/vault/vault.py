"""Tokens, ciphertexts and aliases: the vault and its four verbs, and the aliases of phones that came before a salt."""

from __future__ import annotations

import hmac
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from psycopg import sql
from psycopg.rows import TupleRow

from quanyu.contracts import Personal
from quanyu.errors import ConfigurationError
from quanyu.vault.digests import PLAIN, PhoneDigest, declared, mainland_digits
from quanyu.vault.normal_forms import month_and_day, normal_form, tidy
from quanyu.warehouse import BinaryRows, Connection, copy_binary

INVALID = "xx"
"""Prefix of a value that is no phone, hash or day: it may be revealed, it is never identity and never an address."""

_PREFIX = {
    Personal.PHONE: "ph",
    Personal.PHONE_MD5: "pm",
    Personal.PHONE_SHA256: "ps",
    Personal.PHONE_SM3: "pc",
    Personal.PHONE_DIGEST: "pd",
    Personal.NAME: "nm",
    Personal.EMAIL: "em",
    Personal.ADDRESS: "ad",
    Personal.ID_NUMBER: "id",
    Personal.TEXT: "tx",
}
_NONCE_BYTES = 12
_LENIENT = "surrogatepass"  # half an emoji, cut off by a platform's length limit, must not stop a night

# Whoever changes secrets or aliases holds this: an alias must not come in for a phone that is just being erased.
_LOCK = "select pg_advisory_xact_lock(hashtext('quanyu.vault'))"

# A writer that lacks a salt leaves new phones without its alias: what it does not know counts as unfinished again.
_KEEP_SECRETS = """
    with new as (
        insert into vault.secret select * from staged_secret on conflict do nothing returning token
    )
    delete from vault.alias_progress
    where digest <> all(%(digests)s) and exists (select from new where left(token, 3) = 'ph_')"""

_ERASE = """
    with phones as (
        select unnest(%(tokens)s::text[]) as token
        union
        select token from vault.alias where alias_token = any(%(tokens)s)
    ),
    gone as (delete from vault.alias where token in (select token from phones) returning alias_token)
    delete from vault.secret
    where token in (select token from phones) or token in (select alias_token from gone)"""

_FILL_BATCH = 5_000


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
    """Tokenise, store, reveal and erase personal values under one key of 32 bytes.

    `digests` are the salted hashes of phones that platforms hand out: name -> `algorithm:text`.
    """

    def __init__(self, key: bytes, digests: Mapping[str, str] | None = None) -> None:
        if len(key) != 32:
            raise ConfigurationError("the vault key is not 32 bytes.", remedy="make one: openssl rand -base64 32")
        self._mac_key = _derived(key, b"quanyu.vault.token")
        self._cipher = AESGCM(_derived(key, b"quanyu.vault.cipher"))
        known = (*PLAIN, *declared(digests or {}))
        self._digests = {self._fingerprint(digest): digest for digest in known}
        # One receipt repeats its phone on every line, and parsing a phone costs more than all the rest.
        self._remembered = lru_cache(maxsize=1 << 13)(self._tokenise)

    def tokenise(self, kind: Personal, value: str) -> Token:
        """Make the token of a value that is not blank, by its normal form."""
        return self._remembered(kind, value)

    def _tokenise(self, kind: Personal, value: str) -> Token:
        if kind is Personal.BIRTHDAY:
            # The year is dropped for good: a greeting needs none, and a full date singles people out.
            return Token(month_and_day(value) or self._mac(INVALID, kind, tidy(value)), kind)
        normal = normal_form(kind, value)
        if normal is None:
            return Token(self._mac(INVALID, kind, tidy(value)), kind, tidy(value))
        aliases = self._aliases(normal, self._digests.values()) if kind is Personal.PHONE else ()
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
        secrets, aliases = BinaryRows(3), BinaryRows(2)
        for token in unique.values():
            secrets.add(token.token.encode(), token.kind.value.encode(), self.seal(token.token, token.clear))
            for alias in token.aliases:
                aliases.add(alias.encode(), token.token.encode())
        copy_binary(connection, sql.Identifier("staged_secret"), ("token", "kind", "ciphertext"), secrets.taken())
        copy_binary(connection, sql.Identifier("staged_alias"), ("alias_token", "token"), aliases.taken())

    def keep_staged(self, connection: Connection) -> None:
        """Move what `stage` collected into the vault, within the caller's transaction."""
        # Two entities landing at once meet the same people; sorted inserts would still wait on each other twice.
        connection.execute(_LOCK)
        connection.execute(_KEEP_SECRETS, {"digests": list(self._digests)})
        connection.execute("insert into vault.alias select * from staged_alias on conflict do nothing")
        connection.execute("truncate staged_secret, staged_alias")

    def seal(self, name: str, text: str) -> bytes:
        """Encrypt something that is no personal value (a platform's token) so that it opens under `name` only."""
        nonce = os.urandom(_NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, text.encode(errors=_LENIENT), name.encode())

    def open(self, name: str, sealed: bytes) -> str:
        """Decrypt what `seal` made. Raises ConfigurationError when the key or the name is another."""
        try:
            clear = self._cipher.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], name.encode())
        except InvalidTag:
            raise ConfigurationError(
                f"the vault key does not open {name}.",
                remedy="set QUANYU_VAULT_KEY to the key under which this warehouse was filled.",
            ) from None
        return clear.decode(errors=_LENIENT)

    def reveal(self, connection: Connection, tokens: Iterable[str]) -> dict[str, str]:
        """Give back the normal forms; a token that is unknown or erased is absent.

        Raises ConfigurationError when the key is not the one the values were stored under.
        """
        found = connection.execute(
            "select token, ciphertext from vault.secret where token = any(%s)", [list(set(tokens))]
        )
        return dict(self._opened(found))

    def erase(self, connection: Connection, tokens: Iterable[str]) -> int:
        """Forget the values and aliases of tokens for ever, a phone by any of its hashes; return how many values."""
        with connection.transaction():
            connection.execute(_LOCK)
            return connection.execute(_ERASE, {"tokens": list(set(tokens))}).rowcount

    def fill_aliases(self, connection: Connection) -> int:
        """Give the phones that landed before a digest was known their aliases of it; return how many were looked at.

        One transaction a batch when the connection is in autocommit: what breaks off goes on where it stopped.
        Raises ConfigurationError when the key is not the one the phones were stored under.
        """
        looked_at = 0
        while not self._is_filled(connection):
            with connection.transaction():
                connection.execute(_LOCK)
                looked_at += self._fill_batch(connection)
        return looked_at

    def _is_filled(self, connection: Connection) -> bool:
        finished = connection.execute(
            "select count(*) from vault.alias_progress where is_complete and digest = any(%s)", [list(self._digests)]
        )
        return finished.fetchone() == (len(self._digests),)

    def _fill_batch(self, connection: Connection) -> int:
        connection.execute(
            "insert into vault.alias_progress (digest) select unnest(%s::text[]) on conflict do nothing",
            [list(self._digests)],
        )
        unfinished = connection.execute(
            "select digest, reached from vault.alias_progress where not is_complete and digest = any(%s)",
            [list(self._digests)],
        ).fetchall()
        secrets = connection.execute(
            "select token, ciphertext from vault.secret where kind = %s and token > %s order by token limit %s",
            [Personal.PHONE.value, min((reached for _, reached in unfinished), default=""), _FILL_BATCH],
        ).fetchall()
        phones = dict(self._opened(secret for secret in secrets if secret[0].startswith("ph_")))
        digests = [self._digests[digest] for digest, _ in unfinished]
        pairs = [(alias, token) for token, clear in phones.items() for alias in self._aliases(clear, digests)]
        connection.execute(
            "insert into vault.alias select * from unnest(%s::text[], %s::text[]) on conflict do nothing",
            [[alias for alias, _ in pairs], [token for _, token in pairs]],
        )
        connection.execute(
            "update vault.alias_progress set reached = %s, is_complete = %s where digest = any(%s)",
            [secrets[-1][0] if secrets else "", len(secrets) < _FILL_BATCH, [digest for digest, _ in unfinished]],
        )
        return len(phones)

    def _mac(self, prefix: str, kind: Personal, normal: str) -> str:
        return f"{prefix}_{self._keyed(f'{kind.value}:{normal}')}"

    def _fingerprint(self, digest: PhoneDigest) -> str:
        """Name a digest in the warehouse: keyed, because a short salt could be guessed from a plain hash."""
        return self._keyed(f"digest:{digest.kind.value}:{digest.algorithm}:{digest.text}")

    def _keyed(self, text: str) -> str:
        return hmac.digest(self._mac_key, text.encode(errors=_LENIENT), "sha256")[:16].hex()

    def _aliases(self, e164: str, digests: Iterable[PhoneDigest]) -> tuple[str, ...]:
        """Tokens of the hashes of a phone; platforms hash mainland numbers only."""
        digits = mainland_digits(e164)
        return () if digits is None else tuple(self._mac(_PREFIX[d.kind], d.kind, d.of(digits)) for d in digests)

    def _opened(self, rows: Iterable[TupleRow]) -> Iterator[tuple[str, str]]:
        for token, sealed in rows:
            yield token, self.open(token, sealed)


def _derived(key: bytes, use: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=use).derive(key)
