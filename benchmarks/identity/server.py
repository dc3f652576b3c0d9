"""The embedded Postgres of a benchmark: one set of settings for every contender, its counters, and its memory."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
from psycopg import sql

from benchmarks.identity.generator import Edges
from benchmarks.identity.transport import copy_in
from quanyu import warehouse
from quanyu.local.postgres import EmbeddedPostgres

# Those of a small dedicated warehouse (2 cores, 16 GB and more). Autovacuum is off, so that it strikes nobody in the
# middle of a run; tables are vacuumed at the same points for all.
SETTINGS = {
    "shared_buffers": "4GB",
    "work_mem": "256MB",
    "maintenance_work_mem": "1GB",
    "effective_cache_size": "12GB",
    "random_page_cost": "1.1",
    "max_wal_size": "8GB",
    "min_wal_size": "1GB",
    "checkpoint_timeout": "15min",
    "max_parallel_workers_per_gather": "2",
    "max_parallel_maintenance_workers": "2",
    "autovacuum": "off",
}


@dataclass(frozen=True)
class Counters:
    """Bytes since the server began."""

    wal: int
    temp: int


@dataclass(frozen=True)
class Server:
    """A running server and its data folder."""

    embedded: EmbeddedPostgres

    @property
    def url(self) -> str:
        """Of the only database."""
        return self.embedded.url()

    def execute(self, *statements: str) -> None:
        """Run statements, each for itself."""
        with warehouse.connect(self.url, autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement)

    def load(self, table: str, edges: Edges) -> None:
        """Make a table of edges, vacuumed and known to the planner."""
        with warehouse.connect(self.url) as connection:
            connection.execute(
                sql.SQL("create table {} (account bigint not null, identifier bigint not null)").format(
                    sql.Identifier(table)
                )
            )
            copy_in(connection, table, edges.account, edges.identifier)
        self.execute(f"vacuum analyze {table}")

    def counters(self) -> Counters:
        """What was written so far."""
        with warehouse.connect(self.url, autocommit=True) as connection:
            row = connection.execute(
                """select pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::bigint, temp_bytes
                from pg_stat_database where datname = current_database()"""
            ).fetchone()
        assert row is not None  # noqa: S101  # this database has a row
        return Counters(*row)

    @property
    def _postmaster(self) -> psutil.Process:
        return psutil.Process(int((self.embedded.folder / "data" / "postmaster.pid").read_text().split("\n", 1)[0]))

    def cpu_seconds(self) -> float:
        """What all server processes used so far, those that have ended included."""
        times = self._postmaster.cpu_times()
        total: float = times.children_user + times.children_system
        for process in self._postmaster.children():
            try:
                alive = process.cpu_times()
            except psutil.NoSuchProcess:
                continue
            total += alive.user + alive.system
        return total

    def private_bytes(self) -> int:
        """The memory of all server processes together, without what they share."""
        total = 0
        for process in self._postmaster.children():
            try:
                memory = process.memory_info()
            except psutil.NoSuchProcess:
                continue
            total += memory.rss - memory.shared
        return total

    def read_through(self, labels: str) -> None:
        """Bring a table of labels and both its indexes into memory, whatever wrote them last."""
        with warehouse.connect(self.url, autocommit=True) as connection:
            connection.execute(f"select sum(label) from {labels}")
            connection.execute("set enable_seqscan = off")
            for column in ("node", "label"):
                connection.execute(f"select count({column}) from {labels} where {column} > {-(2**63)}")

    def cut_off(self) -> None:
        """End what another connection still does."""
        self.execute(
            """select pg_terminate_backend(pid) from pg_stat_activity
            where backend_type = 'client backend' and pid <> pg_backend_pid()"""
        )


@contextmanager
def running(folder: Path, **others: str) -> Iterator[Server]:
    """A server on an empty folder, which is deleted at the end, with SETTINGS but for some others."""
    shutil.rmtree(folder, ignore_errors=True)
    embedded = EmbeddedPostgres(folder, SETTINGS | others)
    try:
        embedded.start()
        yield Server(embedded)
    finally:
        embedded.stop()
        shutil.rmtree(folder, ignore_errors=True)
