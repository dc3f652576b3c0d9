"""How a database is opened: the connection's URL, the driver of each dialect, its timeouts, read only."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, urlsplit

import sqlalchemy as sa
from sqlalchemy import exc

from quanyu.contracts import SHANGHAI, Connection
from quanyu.errors import ConfigurationError

_CONNECT_SECONDS = 10
_READ_SECONDS = 60

_DRIVERS = {
    "mysql": "mysql+pymysql",
    "mariadb": "mariadb+pymysql",
    "postgres": "postgresql+psycopg",
    "postgresql": "postgresql+psycopg",
    "mssql": "mssql+pymssql",
}
_QUERIES = {"mysql": {"charset": "utf8mb4"}, "mariadb": {"charset": "utf8mb4"}}
# TIMESTAMP columns are shown in the session's zone; DATETIME columns have none.
_MYSQL: dict[str, Any] = {
    "connect_timeout": _CONNECT_SECONDS,
    "read_timeout": _READ_SECONDS,
    "write_timeout": _READ_SECONDS,
    "init_command": "set time_zone = '+08:00'",
}
_OPTIONS: dict[str, dict[str, Any]] = {
    "mysql": _MYSQL,
    "mariadb": _MYSQL,
    "postgresql": {
        "connect_timeout": _CONNECT_SECONDS,
        "options": f"-c statement_timeout={_READ_SECONDS}s -c timezone={SHANGHAI} -c default_transaction_read_only=on",
    },
    "mssql": {"login_timeout": _CONNECT_SECONDS, "timeout": _READ_SECONDS},
}


def engine_of(where: Connection) -> sa.Engine:
    """Prepare `mysql://host:port/database`, without connecting; what follows a `?` goes to the driver as it is.

    Raises ConfigurationError when something is missing or the driver is not installed.
    """
    parts = urlsplit(where.url)
    if not (parts.hostname and parts.path.strip("/") and where.login and where.password):
        raise ConfigurationError(
            f"the connection quanyu_{where.name} is incomplete.",
            remedy="set host to mysql://host:3306/database, and login and password of an account that may SELECT.",
        )
    try:
        url = sa.URL.create(
            _DRIVERS.get(parts.scheme, parts.scheme),
            username=where.login,
            password=where.password,
            host=parts.hostname,
            port=parts.port,
            database=parts.path.strip("/"),
            query={**_QUERIES.get(parts.scheme, {}), **dict(parse_qsl(parts.query))},
        )
        return sa.create_engine(
            url,
            isolation_level="AUTOCOMMIT",
            pool_size=1,
            max_overflow=0,
            hide_parameters=True,
            connect_args=_OPTIONS.get(url.get_backend_name(), {}),
        )
    except (exc.ArgumentError, exc.NoSuchModuleError, ImportError, ValueError) as error:
        raise ConfigurationError(
            f"quanyu_{where.name}: {parts.scheme}:// cannot be opened ({type(error).__name__}).",
            remedy="use mysql, mariadb or postgresql; mssql also needs its driver (pip install pymssql).",
        ) from None
