"""The SQL server behind the platforms that are databases: a MariaDB, or Postgres where MariaDB is not installed.

Started by whoever needs it first, shared by the whole process, gone at its end.
"""

from __future__ import annotations

import atexit
import shutil
import tempfile
import threading
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from urllib.parse import urlsplit

import sqlalchemy as sa

from quanyu.local.postgres import EmbeddedPostgres
from tests.sandbox import mariadb

HOST = "127.0.0.1"
_lock = threading.Lock()
_running: list[SqlServer] = []


def scheme() -> str:
    """`mysql`, or `postgresql` where MariaDB is not installed; starts nothing."""
    return "mysql" if mariadb.programs() else "postgresql"


def sql_server() -> SqlServer:
    """The running server of this process."""
    with _lock:
        if not _running:
            _running.append(_start_mariadb() if scheme() == "mysql" else _start_postgres())
        return _running[0]


@dataclass(frozen=True)
class SqlServer:
    """Where it listens, and the account that may do everything."""

    scheme: str
    port: int
    login: str
    password: str = field(repr=False)
    database: str = ""

    @cached_property
    def _admin(self) -> sa.Engine:
        return self.engine(self.database)

    def engine(self, database: str) -> sa.Engine:
        """Open a database as the one who may do everything."""
        driver = {"mysql": "mysql+pymysql", "postgresql": "postgresql+psycopg"}[self.scheme]
        url = sa.URL.create(driver, self.login, self.password, HOST, self.port, database)
        return sa.create_engine(url, poolclass=sa.NullPool, isolation_level="AUTOCOMMIT")

    def create(self, database: str, charset: str, reader: str, password: str) -> None:
        """Make a database, and the account that may read it where there is none yet."""
        with self._admin.connect() as connection:
            if self.scheme == "mysql":
                connection.exec_driver_sql(f"create database {database} character set {charset}")
                connection.exec_driver_sql(f"create user if not exists '{reader}'@'%%' identified by '{password}'")
                connection.exec_driver_sql(f"grant select on {database}.* to '{reader}'@'%%'")
                return
            connection.exec_driver_sql(f"create database {database}")
            if not connection.exec_driver_sql(f"select 1 from pg_roles where rolname = '{reader}'").fetchone():
                connection.exec_driver_sql(f"create role {reader} login password '{password}'")
        with self.engine(database).connect() as connection:
            connection.exec_driver_sql(f"alter default privileges grant select on tables to {reader}")

    def drop(self, database: str) -> None:
        """Remove a database; whoever reads it is cut off."""
        with self._admin.connect() as connection:
            connection.exec_driver_sql(
                f"drop database {database}" if self.scheme == "mysql" else f"drop database {database} with (force)"
            )


def _start_mariadb() -> SqlServer:
    server = mariadb.MariaDB().start()
    atexit.register(server.stop)
    return SqlServer("mysql", server.port, server.login, server.password)


def _start_postgres() -> SqlServer:
    folder = Path(tempfile.mkdtemp(prefix="quanyu-sql-"))
    folder.chmod(0o755)
    server = EmbeddedPostgres(folder).start()

    def stop() -> None:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)

    atexit.register(stop)
    url = urlsplit(server.url())
    return SqlServer("postgresql", url.port or 0, url.username or "", url.password or "", "postgres")
