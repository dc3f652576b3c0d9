"""The tables of one entity: its pen, which holds one load, and its raw table, which holds every version."""

from __future__ import annotations

from psycopg import sql

from quanyu import discovery
from quanyu.contracts import Entity, Mode, Source
from quanyu.errors import ConfigurationError
from quanyu.warehouse import Connection

_PEN = """
    create table if not exists {pen} (
        account text not null,
        record_key text not null,
        version text not null,
        business_date date,
        payload json not null,
        landed_on date not null,
        load_id bigint not null,
        extracted_at timestamptz not null)"""

_RAW = """
    create table if not exists {raw} (
        account text not null,
        record_key text not null,
        version text not null,
        business_date date,
        payload json not null,
        is_deleted boolean not null,
        landed_on date not null,
        load_id bigint not null,
        extracted_at timestamptz not null,
        primary key (account, record_key, version));
    create index if not exists {by_day} on {raw} (business_date) where business_date is not null"""


def prepare(connection: Connection) -> None:
    """Create the tables of every source that is installed, switched on or not, so that every model builds."""
    for source in discovery.sources().values():
        create(connection, source)


def create(connection: Connection, source: Source) -> None:
    """Create the tables of one source. Safe to repeat, also by two processes at once."""
    with connection.transaction():
        connection.execute("select pg_advisory_xact_lock(hashtext('quanyu.migrate'))")
        for entity in source.entities:
            _refuse_unsound(source, entity)
            table = f"{source.name}__{entity.name}"
            names = {"pen": pen(table), "raw": raw(table), "by_day": sql.Identifier(f"{table}_by_day")}
            connection.execute(sql.SQL(_PEN).format(**names))
            connection.execute(sql.SQL(_RAW).format(**names))


def pen(table: str) -> sql.Identifier:
    """The pen of `<source>__<entity>`."""
    return sql.Identifier("landing", table)


def raw(table: str) -> sql.Identifier:
    """The raw table of `<source>__<entity>`."""
    return sql.Identifier("raw", table)


def _refuse_unsound(source: Source, entity: Entity) -> None:
    if entity.version and entity.mode is not Mode.INCREMENT:
        raise ConfigurationError(
            f"{source.name}.{entity.name} is read as a {entity.mode} and declares a version.",
            remedy="drop the version: a row that vanished has none; these rows are versioned by the load's date.",
        )
    if len(f"{source.name}__{entity.name}_by_day") > 63:
        raise ConfigurationError(
            f"{source.name}.{entity.name} is too long a name for Postgres.",
            remedy="shorten it to 54 characters in all.",
        )
