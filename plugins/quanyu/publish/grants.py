"""Who can read what is shown: granted again and asserted after every night."""

from __future__ import annotations

import logging

from psycopg import sql

from quanyu.errors import Rejected
from quanyu.warehouse import Connection

_READERS = {
    "quanyu_bi": ("marts",),
    "quanyu_sender": ("marts", "segments", "activation"),
    "quanyu_steward": ("marts", "identity"),
}

# The sender opens tokens at the edge and the steward erases them, so the vault is closed to BI only; so is the ledger,
# which holds addresses.
_KEPT_FROM = {
    "quanyu_bi": ("landing", "raw", "staging", "vault", "activation"),
    "quanyu_sender": ("landing", "raw", "staging"),
    "quanyu_steward": ("landing", "raw", "staging"),
}

_READABLE = """
    select w.role, c.oid::regclass::text, w.can_read
    from unnest(%s::text[], %s::text[], %s::bool[]) as w (role, schema, can_read)
    inner join pg_roles as r on r.rolname = w.role
    inner join pg_class as c on c.relnamespace = to_regnamespace(w.schema) and c.relkind = any('{r,p,v,m}')
    where
        w.can_read <> (
            has_schema_privilege(r.oid, c.relnamespace, 'usage')
            and case
                when w.can_read then has_table_privilege(r.oid, c.oid, 'select')
                else has_any_column_privilege(r.oid, c.oid, 'select')
            end
        )
    order by 1, 2"""

logger = logging.getLogger(__name__)


def renew(connection: Connection) -> None:
    """Grant every reader its schemas, because a table that was made anew has lost its grants."""
    present = {name for (name,) in connection.execute("select rolname from pg_roles where rolname like 'quanyu%'")}
    if missing := sorted(_READERS.keys() - present):
        logger.warning(
            "the roles %s do not exist and the warehouse user may not create them; nobody but its owner can read."
            " What to do: have an administrator run: %s",
            ", ".join(missing),
            " ".join(f"create role {role} nologin;" for role in missing),
        )
    existing = {name for (name,) in connection.execute("select nspname from pg_namespace")}
    for role in sorted(_READERS.keys() & present):
        for schema in sorted(existing.intersection(_READERS[role])):
            names = {"schema": sql.Identifier(schema), "role": sql.Identifier(role)}
            connection.execute(sql.SQL("grant usage on schema {schema} to {role}").format(**names))
            connection.execute(sql.SQL("grant select on all tables in schema {schema} to {role}").format(**names))


def require(connection: Connection) -> None:
    """Ask the server who can read what, whoever else has been granting meanwhile. Raises Rejected when it is wrong."""
    wanted = [(role, schema, True) for role, schemas in _READERS.items() for schema in schemas]
    wanted += [(role, schema, False) for role, schemas in _KEPT_FROM.items() for schema in schemas]
    wrong = connection.execute(_READABLE, [list(column) for column in zip(*wanted, strict=True)]).fetchall()
    if wrong:
        said = [f"{role} {'cannot' if can_read else 'can'} read {table}" for role, table, can_read in wrong]
        raise Rejected(
            f"the grants are wrong: {'; '.join(said[:10])}.",
            remedy="revoke or grant it (also from public and from the role's own roles), then publish again.",
        )
