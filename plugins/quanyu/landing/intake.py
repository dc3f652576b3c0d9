"""Rows on their way into the pen: checked, tokenised, and sent page by page into a table of this load alone.

The table is what becomes the pen, by a change of name, when the reading is over and whole. So a row is written once,
and whoever looks at the pen sees one whole load or the one before it.
"""

from __future__ import annotations

import re
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from typing import Self

from psycopg import sql

from quanyu import warehouse
from quanyu.contracts import Entity, Mode, Page, Personal
from quanyu.errors import Rejected, SchemaDrift
from quanyu.landing import books, tables
from quanyu.landing.books import Load
from quanyu.landing.drift import Shape
from quanyu.landing.encoding import encoded, encoded_fast
from quanyu.settings import utc_now
from quanyu.vault import Token, Vault

_BATCH = 5_000
_BATCH_BYTES = 8 * 2**20
_KEPT_REFUSALS = 1_000
_MOST_KNOWN = 100_000
"""How many values of a kind a reading remembers the tokens of; beyond, some are encrypted twice and kept once."""

_CLEAR = re.compile(r"(?<!\d)1[3-9]\d{9}(?!\d)|[^|@\s]+@[^|@\s]+")
_COLUMNS = ("record_key", "version", "business_date", "payload")

# Of two equal versions the one that came later. Where a row lies does not say it: a small one fills an earlier gap.
_OLDER = """
    delete from {table} using (
        select ctid as place, row_number() over (partition by record_key order by version desc, ordinal desc) as age
        from {table}
    ) as ranked
    where {table}.ctid = ranked.place and ranked.age > 1"""
_REPEATED = "select exists (select from {table} group by hashtextextended(record_key, 0) having count(*) > 1)"


@dataclass(slots=True)
class Intake:
    """One reading; nothing of it is seen before `finish`."""

    connection: warehouse.Connection
    entity: Entity
    vault: Vault
    load: Load
    shape: Shape = field(init=False)
    started: datetime = field(default_factory=utc_now)
    rows: int = 0
    refused: int = 0
    refusals: list[tuple[str, str]] = field(default_factory=list)
    unknown: set[str] = field(default_factory=set)
    _batch: warehouse.BinaryRows = field(default_factory=lambda: warehouse.BinaryRows(len(_COLUMNS)))
    _bytes: int = 0
    _tokens: list[Token] = field(default_factory=list)
    _courier: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1, "landing"))
    _sent: Future[None] | None = None
    _known: dict[Personal, dict[str, str]] = field(default_factory=lambda: {kind: {} for kind in Personal})

    def __enter__(self) -> Self:
        self.shape = Shape(self.entity)
        tables.open_load(self.connection, self.load, self.started)
        return self

    def __exit__(self, *_: object) -> None:
        # What is on its way is let through: the connection is not ours alone before.
        self._courier.shutdown()

    def take(self, page: Page) -> None:
        """Check and tokenise a page. Records that do not fit are counted; once there is one, nothing will land."""
        if (page.day is None) is (self.entity.mode is Mode.DAILY):
            raise Rejected(
                f"a page {'without' if page.day is None else 'with'} a day, of an entity read as {self.entity.mode}.",
                remedy="this is a defect of the source: mode `daily`, and only it, says the day of each page.",
            )
        shape, day, default = self.shape, warehouse.date_bytes(page.day), self.load.business_date.isoformat()
        for record in page.records:
            self.rows += 1
            is_usual = shape.fits(record)
            problems = [] if is_usual else shape.check(record, self.unknown)
            clean = shape.tokenised(record, self._token_of)
            payload = encoded_fast(clean) if is_usual and not shape.may_hold_floats else encoded(clean)
            key = shape.key(clean)
            if problems or payload is None:
                self._refuse(key, "; ".join(problems) or "not a number of JSON (NaN or infinity)")
                continue
            self._batch.add(_utf8(key), _utf8(shape.version(clean) or default), day, payload)
            self._bytes += len(payload)
        if self._batch.count >= _BATCH or self._bytes >= _BATCH_BYTES:
            self._flush()

    def finish(self) -> None:
        """Let the rows be the pen in one transaction, or raise SchemaDrift and leave it as it was."""
        self._flush()
        self._arrived()
        if self.refused:
            books.quarantine(self.connection, self.load, self.rows, self.refused, self.refusals)
            fields = sorted({reason.split(":")[0] for _, reason in self.refusals})
            raise SchemaDrift(
                f"{self.refused} of {self.rows} rows do not have the declared shape ({', '.join(fields[:5])}).",
                remedy="the entity is frozen for the night; the rows are in ops.quarantine. Compare the platform's"
                " change log, adapt the entity's fields and staging model, then run the date again.",
            )
        table = tables.loading(self.load)
        repeated = self.connection.execute(sql.SQL(_REPEATED).format(table=table)).fetchone()
        with self.connection.transaction():
            landed = self.rows
            if repeated == (True,):
                landed -= self.connection.execute(sql.SQL(_OLDER).format(table=table)).rowcount
            tables.close_load(self.connection, self.load)
            self.vault.keep_staged(self.connection)
            books.landed(self.connection, self.load, self.rows, landed, sorted(self.unknown))

    def _token_of(self, kind: Personal, value: str) -> str:
        known = self._known[kind].get(value)
        return known if known is not None else self._first_token_of(kind, value)

    def _first_token_of(self, kind: Personal, value: str) -> str:
        token = self.vault.tokenise(kind, value)
        if self.refused:
            return token.token
        if token.clear:
            self._tokens.append(token)
        known = self._known[kind]
        if len(known) >= _MOST_KNOWN:
            known.clear()
        known[value] = token.token
        return token.token

    def _refuse(self, key: str, reason: str) -> None:
        self.refused += 1
        if len(self.refusals) < _KEPT_REFUSALS:
            # Columns that slipped put a phone where the key should be, and these books hold no values.
            self.refusals.append((_CLEAR.sub("?", key), reason))

    def _flush(self) -> None:
        """Send what was collected while the next pages are read: Postgres works on it on another core."""
        self._arrived()
        message = self._batch.taken() if self._batch.count else b""
        if not self.refused:
            self._sent = self._courier.submit(self._send, message, self._tokens)
        self._tokens, self._bytes = [], 0

    def _send(self, message: bytes, tokens: list[Token]) -> None:
        if message:
            warehouse.copy_binary(self.connection, tables.loading(self.load), _COLUMNS, message)
        self.vault.stage(self.connection, tokens)

    def _arrived(self) -> None:
        """Wait for what was sent last; raise what stopped it."""
        if self._sent is not None:
            self._sent.result()
            self._sent = None


def _utf8(text: str) -> bytes:
    """A key or version as Postgres stores it: without NUL, half a surrogate pair as "?"."""
    try:
        data = text.encode()
    except UnicodeEncodeError:
        data = text.encode(errors="replace")
    return data.replace(b"\x00", b"") if b"\x00" in data else data
