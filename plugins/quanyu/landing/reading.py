"""Source -> pen: one reading of one entity, checked, tokenised and landed whole or not at all."""

from __future__ import annotations

import gc
import logging
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from traceback import extract_tb

import psycopg

from quanyu import warehouse
from quanyu.contracts import Connection, Entity, Source, Window, ready_from
from quanyu.errors import QuanyuError, Rejected, Retryable
from quanyu.landing import books, tables
from quanyu.landing.intake import Intake
from quanyu.landing.tokens import WarehouseTokens
from quanyu.settings import utc_now
from quanyu.vault import Vault

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
            kept = replace(where, tokens=WarehouseTokens(dsn, vault, source.name))
            with _rare_collections(), Intake(connection, entity, vault, load) as intake:
                with source.connect(kept) as client:
                    for page in entity.read(client, window):
                        intake.take(page)
                intake.finish()
        except Exception as error:  # whatever a source raises belongs in the books
            failure = _speakable(error).at(load.place)
            with suppress(Retryable), warehouse.connect(dsn) as books_connection:
                books.fail(books_connection, load, failure)
                tables.drop_load(books_connection, load)
            if failure is error:
                raise
            raise failure from None
    logger.info("%s: %d rows landed as load %d", load.place, intake.rows, load.load_id)
    return load.load_id


@contextmanager
def _rare_collections() -> Iterator[None]:
    """Let Python look for cycles a hundred times less often: records have none, and a page makes thousands of them."""
    usual = gc.get_threshold()
    gc.set_threshold(100_000, 20, 100)
    try:
        yield
    finally:
        gc.set_threshold(*usual)


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
