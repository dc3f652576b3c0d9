"""What tonight's planning would put into the ledger, asked of the planning itself and taken back."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from psycopg import sql

from quanyu.activation.plan import plan_within
from quanyu.contracts import Channel
from quanyu.stewardship.preview_rows import MessageChange
from quanyu.warehouse import Connection

_PLANNED = """
select key, channel, segment, one_id, state = 'held' from activation.message where business_date = %s
"""

_Planned = dict[str, tuple[str, str, str, bool]]


def messages(
    connection: Connection,
    business_date: date,
    shadows: Mapping[str, str],
    channels_on: Mapping[str, Channel],
    vault_key: bytes,
) -> tuple[MessageChange, ...]:
    """Plan the night as readers see it and as a shadow shows it (schema -> its shadow); nothing of it stays.

    The shadow takes the names of the schemas for the length of a savepoint, so the very code that plans the night
    plans it; other sessions go on seeing the real ones. Raises Rejected when readers see another night.
    """
    with connection.transaction(force_rollback=True):
        before = _plan(connection, business_date, channels_on, vault_key)
    with connection.transaction(force_rollback=True):
        for schema, shadow in shadows.items():
            _take_place(connection, schema, shadow)
        after = _plan(connection, business_date, channels_on, vault_key)
    changed = []
    for key in before.keys() | after.keys():
        channel, segment, one_id, _ = after.get(key) or before[key]
        if change := _change(before.get(key), after.get(key)):
            changed.append(MessageChange(channel, segment, change, one_id, key))
    return tuple(sorted(changed))


def _plan(
    connection: Connection, business_date: date, channels_on: Mapping[str, Channel], vault_key: bytes
) -> _Planned:
    plan_within(connection, business_date, channels_on, vault_key)
    return {key: (*row,) for key, *row in connection.execute(_PLANNED, [business_date])}


def _change(before: tuple[str, str, str, bool] | None, after: tuple[str, str, str, bool] | None) -> str:
    if before is None or after is None:
        return "appears" if before is None else "vanishes"
    was_held, is_held = before[-1], after[-1]
    if was_held == is_held:
        return ""
    return "held" if is_held else "freed"


def _take_place(connection: Connection, schema: str, shadow: str) -> None:
    """Give a shadow the name of its schema, with a view of each table that no build makes."""
    hidden = f"{shadow}_hidden"
    for name, other in ((schema, hidden), (shadow, schema)):
        query = sql.SQL("alter schema {} rename to {}").format(sql.Identifier(name), sql.Identifier(other))
        connection.execute(query)
    kept = connection.execute(
        "select relname from pg_class where relnamespace = to_regnamespace(%s) and relkind = any('{r,p,v,m}')"
        " and to_regclass(format('%%I.%%I', %s::text, relname)) is null",
        [hidden, schema],
    )
    for (name,) in kept.fetchall():
        view, table = sql.Identifier(schema, name), sql.Identifier(hidden, name)
        connection.execute(sql.SQL("create view {} as select * from {}").format(view, table))
