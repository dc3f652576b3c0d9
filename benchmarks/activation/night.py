"""A published night of the wanted size, written by the server itself: people, addresses, consents, segments."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from psycopg import sql
from psycopg.types.json import Jsonb

from quanyu import warehouse
from quanyu.contracts import SHANGHAI, Channel, Connection, DedupKey
from quanyu.warehouse import Connection as Database

DAY = date(2026, 11, 20)
MORNING = datetime(2026, 11, 21, 10, tzinfo=SHANGHAI)
VAULT_KEY = bytes(range(32))

_TABLES = """
create schema if not exists marts;
create schema if not exists segments;
create table if not exists marts.bridge_customer_addresses (
    one_id text, channel text, address text, sender text, account_key text, last_seen_at timestamptz,
    primary key (one_id, channel, address)
);
create table if not exists marts.fct_consents (
    one_id text, purpose text, channel text, is_granted boolean, primary key (one_id, purpose, channel)
);
create table if not exists marts.dim_customers (one_id text primary key, is_minor boolean);
create table if not exists marts.bridge_customer_accounts (account_key text primary key, one_id text);
create table if not exists marts.bridge_one_id_alias (one_id_old text primary key, one_id_current text);
truncate marts.dim_customers, marts.bridge_customer_addresses, marts.fct_consents, marts.bridge_customer_accounts,
    activation.plan, activation.message, activation.receipt, activation.hold, activation.decision,
    activation.segment_membership, activation.segment_night, ops.segment, ops.publication, activation.pause cascade;
"""

# Everybody has the preferred channel; one in twenty said no to it, and one in ten of the others can be reached on the
# next one. Rows of the shape that dbt publishes.
_PEOPLE = """
insert into marts.bridge_customer_accounts
select 'a' || n, 'p' || lpad(n::text, 9, '0') from generate_series(1, %(people)s) as n;
insert into marts.dim_customers
select 'p' || lpad(n::text, 9, '0'), n %% 500 = 3 from generate_series(1, %(people)s) as n;
insert into marts.bridge_customer_addresses
select 'p' || lpad(n::text, 9, '0'), channel, 'o' || channel || n, '', 'a' || n, now()
from generate_series(1, %(people)s) as n, unnest(%(channels)s::text[]) as channel
where channel = %(first)s or n %% 10 = 0;
insert into marts.fct_consents
select 'p' || lpad(n::text, 9, '0'), 'marketing', channel, n %% 20 <> 7
from generate_series(1, %(people)s) as n, unnest(%(channels)s::text[]) as channel;
"""


def channel(name: str, connect: Any, *, batch: int) -> Channel:
    """One message a call, a key against repeats."""
    from datetime import timedelta

    return Channel(
        name=name,
        about="",
        connection=name,
        address_type="openid",
        ability=DedupKey(window=timedelta(hours=24)),
        largest_batch=batch,
        is_personal=True,
        connect=connect,
    )


def nobody(_: Connection) -> Any:
    """The benchmark hands the client over itself."""
    raise AssertionError


def prepare(dsn: str, *, people: int, segments: int, share: float, channels: tuple[str, ...]) -> None:
    """Publish `segments` segments that hold `share` of all people each, beginning at another person each."""
    with warehouse.connect(dsn, autocommit=True) as connection:
        warehouse.migrate(connection)
        connection.execute(_TABLES)
        values = {"people": people, "channels": list(channels), "first": channels[0]}
        for statement in _PEOPLE.strip().split(";\n"):
            connection.execute(statement.rstrip(";"), values)
        connection.execute("insert into ops.publication (business_date, rows_changed) values (%s, '{}')", [DAY])
        for number in range(segments):
            _segment(connection, number, people=people, segments=segments, share=share, channels=channels)
        connection.execute("vacuum analyze")


def _segment(
    connection: Database, number: int, *, people: int, segments: int, share: float, channels: tuple[str, ...]
) -> None:
    name = f"seg_{number:02d}"
    members = int(people * share)
    first = number * people // segments
    table = sql.Identifier("segments", name)
    connection.execute(sql.SQL("drop table if exists {}").format(table))
    connection.execute(
        sql.SQL(
            "create table {} as select 'p' || lpad(((n + {}) %% {} + 1)::text, 9, '0') as one_id, '好茶' as gift"
            " from generate_series(0, {}) as n"
        ).format(table, sql.Literal(first), sql.Literal(people), sql.Literal(members - 1)),
        {},
    )
    connection.execute(sql.SQL("alter table {} add primary key (one_id)").format(table))
    meta = {
        "why": "bench",
        "owner": "bench",
        "purpose": "marketing",
        "channels": list(channels),
        "templates": dict.fromkeys(channels, "{gift}等您来取"),
        "consent": "marketing",
        "holdout": 0.1 if segments > 1 else 0.0,
        "cap": {"days": 7, "messages": 3},
        "send_window": ["09:00", "20:00"],
        "priority": number,
        "sources": ["store"],
        "act_version": 1,
        "size_band": {"min": 0, "max": 10**9, "change": 1000.0},
    }
    connection.execute("insert into ops.segment (segment, meta) values (%s, %s)", [name, Jsonb(meta)])
