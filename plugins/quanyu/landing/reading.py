"""Source -> pen: one reading of one entity, checked, tokenised and landed whole or not at all."""

from __future__ import annotations

import json
import logging
import re
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from traceback import extract_tb
from typing import Any

import psycopg
from psycopg import sql

from quanyu import warehouse
from quanyu.contracts import Connection, Entity, Mode, Page, Personal, Record, Source, Window, ready_from
from quanyu.errors import QuanyuError, Rejected, Retryable, SchemaDrift
from quanyu.landing import books, tables
from quanyu.landing.books import Load
from quanyu.landing.drift import Shape
from quanyu.landing.tokens import WarehouseTokens
from quanyu.settings import utc_now
from quanyu.vault import Token, Vault

_BATCH = 5_000
_KEPT_REFUSALS = 1_000
_CLEAR = re.compile(r"(?<!\d)1[3-9]\d{9}(?!\d)|[^|@\s]+@[^|@\s]+")
_COLUMNS = ("ordinal", "record_key", "version", "business_date", "payload")

logger = logging.getLogger(__name__)


def land(
    source: Source,
    entity: Entity,
    where: Connection,
    business_date: date,
    *,
    dsn: str,
    vault: Vault,
    history_days: int,
    window: Window | None = None,
) -> int:
    """Read an entity's window into its pen and return the load's id; raw is not touched.

    The window ends with the business date. It starts `reread_days` before the first date that no earlier load
    covers, or `history_days` before the business date when none was admitted yet; a backfill names its own `window`.
    Raises what the source raised, or SchemaDrift; either way nothing has landed, and `ops.entity_load` says why.
    """
    with warehouse.connect(dsn, autocommit=True) as connection:
        tables.create(connection, source)
        account = where.account
        last = books.last_covered_before(connection, source, entity, account=account, business_date=business_date)
        window = window or _window(last, entity, business_date, history_days)
        load = books.open_load(connection, source, entity, account=account, business_date=business_date, window=window)
        try:
            # Phones that landed before a salt was declared: identity reads their aliases later tonight.
            if filled := vault.fill_aliases(connection):
                logger.info("%s: %d known phones got the aliases of every digest", load.place, filled)
            intake = _Intake(connection, entity, vault, load)
            kept = replace(where, tokens=WarehouseTokens(dsn, vault, source.name))
            with source.connect(kept) as client:
                for page in entity.read(client, window):
                    intake.take(page)
            intake.finish()
        except Exception as error:  # whatever a source raises belongs in the books
            failure = _speakable(error).at(load.place)
            with suppress(Retryable), warehouse.connect(dsn) as books_connection:
                books.fail(books_connection, load, failure)
            if failure is error:
                raise
            raise failure from None
    logger.info("%s: %d rows landed as load %d", load.place, intake.rows, load.load_id)
    return load.load_id


def _window(last: date | None, entity: Entity, business_date: date, history_days: int) -> Window:
    until = business_date
    if entity.ready_at and utc_now() < ready_from(until, entity.ready_at):
        until -= timedelta(days=1)
    first = until - timedelta(days=history_days)
    if last is not None:
        # A night that was missed is made up for: the days since the last one that got through are read too.
        first = last + timedelta(days=1 - entity.reread_days)
    return Window.of_days(min(first, until), until)


def _speakable(error: Exception) -> QuanyuError:
    """An error fit for logs: what a library or a defect says may quote a personal value, so only its place remains."""
    if isinstance(error, QuanyuError):
        return error
    frame = extract_tb(error.__traceback__)[-1]
    what = f"{type(error).__name__} at {Path(frame.filename).name}:{frame.lineno}"
    if isinstance(error, psycopg.OperationalError):
        return Retryable(f"the warehouse went away ({what}).", remedy="check that Postgres runs, then run again.")
    return Rejected(f"the source's code failed ({what}).", remedy="this is a defect: please report it with this line.")


@dataclass(slots=True)
class _Intake:
    """Rows on their way into the pen: batch by batch into session tables, at the end into the pen at once."""

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
    _batch: list[tuple[Any, ...]] = field(default_factory=list)
    _tokens: list[Token] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.shape = Shape(self.entity)
        self.connection.execute(
            "create temporary table staged_row"
            " (ordinal bigint, record_key text, version text, business_date date, payload json)"
        )

    def take(self, page: Page) -> None:
        """Check and tokenise a page. Records that do not fit are counted; once there is one, nothing will land."""
        if (page.day is None) is (self.entity.mode is Mode.DAILY):
            raise Rejected(
                f"a page {'without' if page.day is None else 'with'} a day, of an entity read as {self.entity.mode}.",
                remedy="this is a defect of the source: mode `daily`, and only it, says the day of each page.",
            )
        for record in page.records:
            self.rows += 1
            problems = self.shape.check(record, self.unknown)
            clean = self.shape.tokenised(record, self._token_of)
            payload = _json(clean)
            if problems or payload is None:
                self._refuse(self.shape.key(clean), "; ".join(problems) or "not a number of JSON (NaN or infinity)")
                continue
            version = self.shape.version(clean) or self.load.business_date.isoformat()
            self._batch.append((self.rows, self.shape.key(clean), version, page.day, payload))
        if len(self._batch) >= _BATCH:
            self._flush()

    def finish(self) -> None:
        """Fill the pen in one transaction, or raise SchemaDrift and leave it as it was."""
        if self.refused:
            books.quarantine(self.connection, self.load, self.rows, self.refused, self.refusals)
            fields = sorted({reason.split(":")[0] for _, reason in self.refusals})
            raise SchemaDrift(
                f"{self.refused} of {self.rows} rows do not have the declared shape ({', '.join(fields[:5])}).",
                remedy="the entity is frozen for the night; the rows are in ops.quarantine. Compare the platform's"
                " change log, adapt the entity's fields and staging model, then run the date again.",
            )
        self._flush()
        with self.connection.transaction():
            self.connection.execute(sql.SQL("truncate {}").format(tables.pen(self.load.table)))
            landed = self.connection.execute(
                sql.SQL(
                    """insert into {}
                    select distinct on (record_key)
                        %s, record_key, version, business_date, payload, %s, %s::bigint, %s::timestamptz
                    from staged_row order by record_key, version desc, ordinal desc"""
                ).format(tables.pen(self.load.table)),
                [self.load.account, self.load.business_date, self.load.load_id, self.started],
            )
            self.vault.keep_staged(self.connection)
            books.landed(self.connection, self.load, self.rows, landed.rowcount, sorted(self.unknown))

    def _token_of(self, kind: Personal, value: str) -> str:
        token = self.vault.tokenise(kind, value)
        if not self.refused:
            self._tokens.append(token)
        return token.token

    def _refuse(self, key: str, reason: str) -> None:
        self.refused += 1
        if len(self.refusals) < _KEPT_REFUSALS:
            # Columns that slipped put a phone where the key should be, and these books hold no values.
            self.refusals.append((_CLEAR.sub("?", key), reason))

    def _flush(self) -> None:
        warehouse.copy_rows(self.connection, sql.Identifier("staged_row"), _COLUMNS, self._batch)
        self.vault.stage(self.connection, self._tokens)
        self._batch.clear()
        self._tokens.clear()


def _json(record: Record) -> str | None:
    """The record as canonical JSON that Postgres can store and read; None when it holds NaN or infinity."""
    try:
        text = json.dumps(record, ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":"))
    except ValueError:
        return None
    if "\\u0000" in text or not _is_utf8(text):
        # Postgres stores neither NUL nor half a surrogate pair; what is left of a cut emoji becomes "?".
        return json.dumps(_storable(record), ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return text


def _is_utf8(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _storable(value: Any) -> Any:
    if isinstance(value, str):
        return value.replace("\x00", "").encode(errors="replace").decode()
    if isinstance(value, list):
        return [_storable(item) for item in value]
    if isinstance(value, dict):
        return {_storable(name): _storable(item) for name, item in value.items()}
    return value
