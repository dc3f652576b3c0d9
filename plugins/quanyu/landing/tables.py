"""The tables of one entity: its pen, which holds one load, and its raw table, which holds every version."""

from __future__ import annotations

from datetime import datetime

from psycopg import sql

from quanyu import discovery
from quanyu.contracts import Entity, Mode, Source
from quanyu.errors import ConfigurationError
from quanyu.landing.books import Load
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

_LOADING = """
    create unlogged table {loading} (
        ordinal bigint generated always as identity,
        account text not null default {account},
        record_key text not null,
        version text not null,
        business_date date,
        payload json not null,
        landed_on date not null default {landed_on},
        load_id bigint not null default {load_id},
        extracted_at timestamptz not null default {extracted_at})"""

_HOLD = "hashtextextended('quanyu.load.' || %s::text, 0)"

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
    create index if not exists {by_day} on {raw} (business_date) where business_date is not null;
    create index if not exists {by_load} on {raw} using brin (load_id);
    do $$ begin
        if not exists (select from pg_trigger where tgrelid = '{raw}'::regclass and tgname = 'forget_marts_build') then
            create trigger forget_marts_build after delete or truncate on {raw}
                for each statement execute function ops.forget_marts_build();
        end if;
    end $$"""


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
            indexes = {name: sql.Identifier(f"{table}_{name}") for name in ("by_day", "by_load")}
            names = {"pen": pen(table), "raw": raw(table), **indexes}
            connection.execute(sql.SQL(_PEN).format(**names))
            connection.execute(sql.SQL(_RAW).format(**names))


def open_load(connection: Connection, load: Load, started: datetime) -> None:
    """Make the table of one load, held by this session; what a killed reading of the entity left behind goes.

    It is not logged: what a crash of the server takes is read again, and admission sees that it is gone. What all rows
    share stands as the columns' defaults, so that it need not be sent.
    """
    connection.execute(f"select pg_advisory_lock({_HOLD})", [load.load_id])
    _drop_left(connection, load)
    connection.execute(
        sql.SQL(_LOADING).format(
            loading=loading(load),
            account=sql.Literal(load.account),
            landed_on=sql.Literal(load.business_date),
            load_id=sql.Literal(load.load_id),
            extracted_at=sql.Literal(started),
        )
    )


def _drop_left(connection: Connection, load: Load) -> None:
    """Drop the tables of readings that nobody holds any more; one that runs beside this one keeps its own."""
    left = connection.execute(
        """select load_id from ops.entity_load
        where source = %s and entity = %s and load_id < %s and status in ('reading', 'failed')
            and to_regclass('landing.load_' || load_id) is not null""",
        [load.source, load.entity, load.load_id],
    )
    for (load_id,) in left.fetchall():
        if connection.execute(f"select pg_try_advisory_lock({_HOLD})", [load_id]).fetchone() == (True,):
            connection.execute(sql.SQL("drop table if exists {}").format(sql.Identifier("landing", f"load_{load_id}")))
            connection.execute(f"select pg_advisory_unlock({_HOLD})", [load_id])


def close_load(connection: Connection, load: Load) -> None:
    """Let the load's table be the pen, within the caller's transaction."""
    connection.execute(sql.SQL("alter table {} drop column ordinal").format(loading(load)))
    connection.execute(sql.SQL("drop table if exists {}").format(pen(load.table)))
    connection.execute(sql.SQL("alter table {} rename to {}").format(loading(load), sql.Identifier(load.table)))


def drop_load(connection: Connection, load: Load) -> None:
    """Drop the table of a load that failed."""
    connection.execute(sql.SQL("drop table if exists {}").format(loading(load)))


def loading(load: Load) -> sql.Identifier:
    """The table of one load, until it is the pen."""
    return sql.Identifier("landing", f"load_{load.load_id}")


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
