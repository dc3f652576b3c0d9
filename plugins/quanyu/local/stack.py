"""The company on one laptop: Postgres and Airflow's four processes, started and stopped together.

Everything lives under one folder (`var/`): data, secrets, process ids, logs. The warehouse is
`QUANYU_WAREHOUSE_URL` when that is set (Airflow's metadata are the database `<warehouse>_airflow` beside it),
else an embedded server. Nothing listens anywhere but on loopback.
"""

from __future__ import annotations

import fcntl
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from importlib.metadata import version
from pathlib import Path

import psycopg
from psycopg import sql

from quanyu import landing, warehouse
from quanyu.errors import ConfigurationError, Retryable
from quanyu.local.api import AirflowApi
from quanyu.local.environment import Secrets, environment, metadata_database, write_private
from quanyu.local.postgres import EmbeddedPostgres
from quanyu.local.processes import Process, free_port, not_to_be_interrupted, sigterm_like_ctrl_c, stop

_COMMANDS = {
    "api-server": ("airflow", "api-server"),
    # Its tasks fork from it: see `warm`.
    "scheduler": ("quanyu.local.warm", "scheduler", "--skip-serve-logs"),
    "dag-processor": ("airflow", "dag-processor"),
    "triggerer": ("airflow", "triggerer", "--skip-serve-logs"),
}
_PATIENCE_SECONDS = 180
_MIGRATIONS = (
    ("db", "migrate"),
    # Two builds on one schema clash, so the pool of the dbt tasks has one slot.
    ("pools", "set", "dbt", "1", "one dbt build at a time"),
)


@dataclass(frozen=True)
class Stack:
    """One folder and the processes on it; `up` and `down` may be repeated.

    `base` is the environment that the processes inherit: the operator's warehouse, connections and clock.
    """

    home: Path
    base: Mapping[str, str] = field(default_factory=lambda: dict(os.environ), repr=False)

    @property
    def processes(self) -> list[Process]:
        """Airflow's processes, in starting order."""
        return [
            Process(name, (sys.executable, "-m", *command), self.home / "run", self.home / "logs")
            for name, command in _COMMANDS.items()
        ]

    @property
    def postgres(self) -> EmbeddedPostgres | None:
        """The embedded server, None when the warehouse is the operator's own."""
        return None if self.base.get("QUANYU_WAREHOUSE_URL") else EmbeddedPostgres(self.home / "postgres")

    @property
    def warehouse_url(self) -> str:
        """Where the warehouse answers. Raises ConfigurationError when the embedded server is down."""
        if self.postgres is None:
            return self.base["QUANYU_WAREHOUSE_URL"]
        if not self.postgres.is_running():
            raise ConfigurationError("the local stack is down.", remedy="`make up`, or set QUANYU_WAREHOUSE_URL.")
        return self.postgres.url()

    @cached_property
    def api(self) -> AirflowApi:
        """Airflow's REST interface; known once the port is chosen."""
        return AirflowApi(f"http://127.0.0.1:{self._port}", "admin", Secrets.of(self.home).admin_password)

    def environment(self) -> dict[str, str]:
        """What the processes run with; also lets `settings()` of this process see the same warehouse."""
        return environment(
            self.home,
            warehouse_url=self.warehouse_url,
            port=self._port,
            kept=Secrets.of(self.home),
            base=self.base,
        )

    def prepare(self) -> None:
        """Start Postgres and bring all tables up to date."""
        if self.postgres:
            self.postgres.start()
        self._choose_port()
        self.migrate()

    def up(self, say: Callable[[str], None] = lambda _: None) -> None:
        """Start what does not run yet and return when all of it is healthy; stop all of it otherwise."""
        with self._locked(), sigterm_like_ctrl_c():
            try:
                if self.postgres and not self.postgres.is_running():
                    self._stop()  # Airflow's processes would look for it at its old port
                say("Postgres and the tables")
                self.prepare()
                say("Airflow")
                self._start()
                self._wait_until_healthy(say)
            except BaseException:
                self._stop()
                raise

    def down(self) -> None:
        """Stop everything; nothing committed is lost and a running task is retried after the next `up`."""
        with self._locked():
            self._stop()

    def require_alive(self) -> None:
        """Raise Retryable with the end of its log when a process died."""
        for process in self.processes:
            if process.pid() is None:
                raise Retryable(
                    f"{process.name} does not run. The end of {process.log}:\n{process.tail()}",
                    remedy="`make up` starts what is missing.",
                )

    def unhealthy(self) -> Sequence[str]:
        """What does not answer yet. Another stack's server that took the port meanwhile does not count as ours."""
        server = self.processes[0]
        return self.api.unhealthy() if server.listens_on(self._port) else ("api_server",)

    def migrate(self) -> None:
        """Create or upgrade our tables and Airflow's. Safe to repeat."""
        with warehouse.connect(self.warehouse_url) as connection:
            warehouse.migrate(connection)
            landing.prepare(connection)
        stamp = self.home / "airflow" / "migrated"
        if (
            _create_database(self.warehouse_url, metadata_database(self.warehouse_url))
            or not stamp.exists()
            or stamp.read_text() != _installed()
        ):
            for command in _MIGRATIONS:
                self._airflow(*command)
            stamp.write_text(_installed())

    def _start(self) -> None:
        passwords = json.dumps({"admin": Secrets.of(self.home).admin_password})
        write_private(self.home / "airflow" / "passwords.json", passwords)
        for process in self.processes:
            if process.pid() is None:
                stop([process])  # children of a dead leader
                process.start(self.environment())

    def _stop(self) -> None:
        with not_to_be_interrupted():
            self.__dict__.pop("api", None)  # an open connection would hold up the server's graceful end
            run, logs = self.home / "run", self.home / "logs"
            stop([Process(file.stem, (), run, logs) for file in run.glob("*.pid")])
            if self.postgres:
                self.postgres.stop()

    def _wait_until_healthy(self, say: Callable[[str], None]) -> None:
        deadline = time.monotonic() + _PATIENCE_SECONDS
        said: Sequence[str] = ()
        while unhealthy := self.unhealthy():
            if unhealthy != said:
                say(f"waiting for {', '.join(unhealthy)}")
                said = unhealthy
            self.require_alive()
            if time.monotonic() > deadline:
                raise Retryable(
                    f"{', '.join(unhealthy)} not healthy after {_PATIENCE_SECONDS} s; see {self.home}/logs."
                )
            time.sleep(0.5)

    def _airflow(self, *command: str) -> None:
        done = subprocess.run(  # noqa: S603  # our own commands, no shell
            (sys.executable, "-m", "airflow", *command),
            env=self.environment(),
            check=False,
            capture_output=True,
            text=True,
            cwd="/",
        )
        if done.returncode != 0:
            raise Retryable(f"`airflow {' '.join(command)}` failed: {done.stderr.strip()[-1500:]}")

    @property
    def _port(self) -> int:
        """The last port, so that a bookmark stays good; 8080 before the first start."""
        path = self.home / "run" / "port"
        return int(path.read_text()) if path.exists() else 8080

    def _choose_port(self) -> None:
        if not any(process.pid() for process in self.processes):
            path = self.home / "run" / "port"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(str(free_port(self._port)))

    @contextmanager
    def _locked(self) -> Iterator[None]:
        self.home.mkdir(parents=True, exist_ok=True)
        with (self.home / "lock").open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield


def _create_database(server_url: str, name: str) -> bool:
    """Whether the database had to be created."""
    with psycopg.connect(server_url, autocommit=True) as connection:
        if connection.execute("select 1 from pg_database where datname = %s", [name]).fetchone():
            return False
        connection.execute(sql.SQL("create database {}").format(sql.Identifier(name)))
        return True


def _installed() -> str:
    return version("apache-airflow-core")
