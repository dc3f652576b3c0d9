"""Make one shown table equal to one built relation, and keep it the same object."""

from __future__ import annotations

from dataclasses import dataclass

import psycopg
from psycopg import sql

from quanyu.errors import Rejected
from quanyu.warehouse import Connection

_COLUMNS = """
    select a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, coalesce(a.attnum = any(i.indkey), false)
    from pg_attribute as a
    left join pg_index as i on i.indrelid = a.attrelid and i.indisprimary
    where a.attrelid = to_regclass(%s) and a.attnum > 0 and not a.attisdropped
    order by a.attnum"""

# Rows are compared by the hash of their text: equal rows pair off, one by one where there is no key.
_PAIRED = "select {fields}, md5(row({columns})::text) as hash, {number} as number from {table}"
_NUMBER = "row_number() over (partition by md5(row({columns})::text))"
_DELETE = """
    delete from {shown} where ctid in (
        select old.id from ({old}) as old
        where not exists (select from ({new}) as new where new.hash = old.hash and new.number = old.number))"""
_INSERT = """
    insert into {shown} ({columns})
    select {columns} from ({new}) as new
    where not exists (select from ({old}) as old where new.hash = old.hash and new.number = old.number)"""


@dataclass(frozen=True, slots=True)
class _Column:
    name: str
    type: str
    is_required: bool
    is_key: bool


def show(connection: Connection, build: sql.Identifier, shown: sql.Identifier) -> int:
    """Write the difference into the shown table, made or changed to fit first; return rows deleted and inserted."""
    wanted, before = _columns(connection, build), _columns(connection, shown)
    is_changed = bool(before) and set(before) != set(wanted)
    if not before:
        connection.execute(sql.SQL("create table {} (like {} including all)").format(shown, build))
    if is_changed:
        _loosen(connection, shown, before, wanted)
    changed = _write_difference(connection, build, shown, wanted)
    if is_changed:
        _tighten(connection, shown, wanted)
    if changed:
        connection.execute(sql.SQL("analyze {}").format(shown))
    return changed


def drop(connection: Connection, shown: sql.Identifier) -> None:
    """Remove a table that is built no more. Raises Rejected when a view stands on it."""
    try:
        connection.execute(sql.SQL("drop table {}").format(shown))
    except psycopg.errors.DependentObjectsStillExist as error:
        raise Rejected(
            f"{shown.as_string(connection)} is built no more and still in use: {error.diag.message_detail}.",
            remedy="drop the view, or bring the model back; an old night must not stand beside a new one.",
        ) from None


def _columns(connection: Connection, table: sql.Identifier) -> list[_Column]:
    return [_Column(*row) for row in connection.execute(_COLUMNS, [table.as_string(connection)])]


def _loosen(connection: Connection, shown: sql.Identifier, before: list[_Column], wanted: list[_Column]) -> None:
    """Add and drop columns so that the new rows fit; the table itself stays, with its grants and views."""
    key = connection.execute(
        "select conname from pg_constraint where conrelid = to_regclass(%s) and contype = 'p'",
        [shown.as_string(connection)],
    ).fetchone()
    changes = [sql.SQL("drop constraint {}").format(sql.Identifier(key[0]))] if key else []
    types = {column.name: column.type for column in wanted}
    kept = {column.name for column in before if types.get(column.name) == column.type}
    for column in before:
        action = "alter column {} drop not null" if column.name in kept else "drop column {}"
        changes.append(sql.SQL(action).format(sql.Identifier(column.name)))
    changes += [
        sql.SQL("add column {} ").format(sql.Identifier(column.name)) + sql.SQL(column.type)
        for column in wanted
        if column.name not in kept
    ]
    try:
        connection.execute(sql.SQL("alter table {} ").format(shown) + sql.SQL(", ").join(changes))
    except psycopg.errors.DependentObjectsStillExist as error:
        raise Rejected(
            f"{shown.as_string(connection)} lost or changed a column that is in use: {error.diag.message_detail}.",
            remedy="change the view, or keep the column in the model; then run the transform again.",
        ) from None


def _tighten(connection: Connection, shown: sql.Identifier, wanted: list[_Column]) -> None:
    """Say again what the build says of its rows."""
    rules = [
        sql.SQL("alter column {} set not null").format(sql.Identifier(column.name))
        for column in wanted
        if column.is_required
    ]
    if keys := [sql.Identifier(column.name) for column in wanted if column.is_key]:
        rules.append(sql.SQL("add primary key ({})").format(sql.SQL(", ").join(keys)))
    if rules:
        connection.execute(sql.SQL("alter table {} ").format(shown) + sql.SQL(", ").join(rules))


def _write_difference(
    connection: Connection, build: sql.Identifier, shown: sql.Identifier, columns: list[_Column]
) -> int:
    fields = sql.SQL(", ").join(sql.Identifier(column.name) for column in columns)
    is_keyed = any(column.is_key for column in columns)
    number = sql.SQL("1") if is_keyed else sql.SQL(_NUMBER).format(columns=fields)
    paired = sql.SQL(_PAIRED)
    names = {
        "shown": shown,
        "columns": fields,
        "old": paired.format(fields=sql.SQL("ctid as id"), columns=fields, number=number, table=shown),
        "new": paired.format(fields=fields, columns=fields, number=number, table=build),
    }
    gone = connection.execute(sql.SQL(_DELETE).format(**names)).rowcount
    return gone + connection.execute(sql.SQL(_INSERT).format(**names)).rowcount
