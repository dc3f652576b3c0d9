"""What a database's refusal means: its codes, of MySQL, PostgreSQL and SQL Server, by what to do about them.

The driver's own words never leave: they may hold values.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sqlalchemy as sa

from quanyu.errors import ConfigurationError, NeedsPerson, QuanyuError, Rejected, Retryable, SchemaDrift

# What has no line here is worth another try when the driver calls it operational.
_REFUSED = {
    *("1044", "1045", "1130", "1142", "1143", "1227", "1698", "1820", "1862", "3118", "4151"),
    *("28000", "28P01", "42501"),
    *("229", "230", "916", "18456"),
}
_NO_SUCH_DATABASE = {"1046", "1049", "3D000", "4060"}
_NO_SUCH_COLUMN = {"1054", "1146", "3F000", "42703", "42P01", "207", "208"}
# A connection that PostgreSQL refuses comes without a code.
_REFUSED_IN_WORDS = ("password authentication failed", "no pg_hba.conf entry", "no password supplied", 'role "')

_UNREACHABLE = "if it stays so, check the connection's host, the network and whether the database runs."
_DRIFTED = "if the change is meant, adapt the source's columns and its staging model."


def error_of(engine: sa.Engine, said: BaseException | None, table: str, lack: Callable[[], str]) -> QuanyuError:
    """Translate what the driver raised while `table` was read; `lack` is asked what is gone when something is."""
    url = engine.url
    code, words = _code(said), str(said)
    place = f"{url.host}{f':{url.port}' if url.port else ''}/{url.database}"
    if code in _REFUSED or any(part in words for part in _REFUSED_IN_WORDS):
        return NeedsPerson(
            f"{place} refuses the login or does not let it read {table} ({code or 'no code'}).",
            remedy="renew login and password of the connection, or have SELECT granted to that account.",
        )
    if code in _NO_SUCH_DATABASE or (not code and 'database "' in words):
        return ConfigurationError(f"{place}: no such database.", remedy="correct the path of the connection's host.")
    if code in _NO_SUCH_COLUMN:
        return SchemaDrift(f"{table} {lack()}.", remedy=_DRIFTED)
    if isinstance(said, _transient(engine)):
        kind = f"{type(said).__name__} {code}".strip()
        return Retryable(f"{place}: no answer for {table} ({kind}).", remedy=_UNREACHABLE)
    return Rejected(f"{place} refuses the query of {table} ({code or type(said).__name__}).", remedy=_DRIFTED)


def _code(said: BaseException | None) -> str:
    """The number of the fault, of PostgreSQL the SQLSTATE; empty when the driver gave none."""
    first = said.args[0] if said is not None and said.args else None
    number = first if isinstance(first, int) and first else None
    return str(number or getattr(said, "sqlstate", None) or "")


def _transient(engine: sa.Engine) -> tuple[type[BaseException], ...]:
    dbapi: Any = engine.dialect.dbapi
    return (dbapi.OperationalError, dbapi.InterfaceError, dbapi.InternalError)
