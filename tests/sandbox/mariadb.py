"""A MariaDB of our own: a data folder in /tmp, a free loopback port, an unprivileged user, no file in /etc read.

The programs come from the system's package (`.ci/mariadb.sh` installs it); its service is never used. The server
stops, and its folder goes, when we stop it or when our process ends in whatever way.
"""

from __future__ import annotations

import contextlib
import os
import pwd
import secrets
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

import pymysql

from quanyu.local.processes import free_port

# Debian declares utf8mb4 in a file that is not read here; MariaDB's own default is latin1.
_FLAGS = (
    "--no-defaults",
    "--character-set-server=utf8mb4",
    "--collation-server=utf8mb4_unicode_ci",
    "--bind-address=127.0.0.1",
    "--skip-name-resolve",
    "--skip-log-bin",
    "--default-time-zone=+08:00",
    "--innodb-buffer-pool-size=64M",
    "--innodb-flush-log-at-trx-commit=0",
    "--max-allowed-packet=64M",
)
# Whoever holds the other end of the shell's stdin keeps the server alive.
_KEEPER = 'folder=$1; shift; "$@" & server=$!; read -r _; kill "$server"; wait "$server"; rm -rf "$folder"'
_PATIENCE_SECONDS = 60


def programs() -> tuple[str, str] | None:
    """The server and what makes its data folder; None where the package is not installed."""
    path = os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin", "/usr/bin", "/usr/local/sbin", "/usr/local/bin"))
    found = [shutil.which(name, path=path) for name in ("mariadbd", "mariadb-install-db")]
    return (found[0], found[1]) if found[0] and found[1] else None


class MariaDB:
    """One running server; `login` may do everything."""

    def __init__(self) -> None:
        self.port = 0
        self.login = "sandbox"
        self.password = secrets.token_urlsafe(24)
        self._keeper: subprocess.Popen[bytes] | None = None

    def start(self) -> MariaDB:
        """Make a data folder and serve it. Raises RuntimeError with the end of the log."""
        found = programs()
        if found is None:
            raise RuntimeError("MariaDB is not installed; .ci/mariadb.sh installs it as root.")
        server, install = found
        user = _unprivileged()
        folder = Path(tempfile.mkdtemp(prefix="quanyu-mariadb-"))
        if user is not None:
            shutil.chown(folder, user)
        data, log = folder / "data", folder / "server.log"
        command = [install, "--no-defaults", f"--datadir={data}", "--auth-root-authentication-method=normal"]
        done = subprocess.run(
            [*command, "--skip-test-db"], check=False, capture_output=True, text=True, user=user, cwd=folder
        )
        if done.returncode != 0:
            shutil.rmtree(folder, ignore_errors=True)
            raise RuntimeError(f"mariadb-install-db failed: {(done.stdout + done.stderr).strip()[-800:]}")
        self.port = free_port()
        first_words = folder / "init.sql"
        first_words.write_text(self._accounts())
        first_words.chmod(0o644)
        files = (f"--datadir={data}", f"--socket={folder / 's.sock'}", f"--init-file={first_words}")
        with log.open("wb") as output:
            self._keeper = subprocess.Popen(
                ["sh", "-c", _KEEPER, "sh", str(folder), server, *_FLAGS, *files, f"--port={self.port}"],
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=subprocess.STDOUT,
                user=user,
                cwd=folder,
                start_new_session=True,
            )
        self._wait(log)
        return self

    def stop(self) -> None:
        """Let go of the server and wait until it is down."""
        if self._keeper is not None:
            if self._keeper.stdin is not None:
                self._keeper.stdin.close()
            self._keeper.wait(timeout=30)
            self._keeper = None

    def _accounts(self) -> str:
        """One account that may do everything, and no root without a password."""
        return (
            f"create user '{self.login}'@'%' identified by '{self.password}';\n"
            f"grant all privileges on *.* to '{self.login}'@'%' with grant option;\n"
            "delete from mysql.global_priv where User in ('root', '');\n"
            "flush privileges;\n"
        )

    def _wait(self, log: Path) -> None:
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while time.monotonic() < deadline:
            with contextlib.suppress(pymysql.Error):
                pymysql.connect(host="127.0.0.1", port=self.port, user=self.login, password=self.password).close()
                return
            time.sleep(0.05)
        tail = log.read_text(errors="replace")[-800:]
        self.stop()
        raise RuntimeError(f"MariaDB did not start within {_PATIENCE_SECONDS} s: {tail}")


def _unprivileged() -> str | None:
    """The server refuses to run as root: the package's user, or nobody."""
    if os.geteuid() != 0:
        return None
    with contextlib.suppress(KeyError):
        return pwd.getpwnam("mysql").pw_name
    return "nobody"
