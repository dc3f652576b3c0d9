"""Superset beside the stack: an environment of its own, a login that reads the marts, one process on loopback.

Its folder is `<home>/superset`: metadata, secrets. It is one of the processes under `<home>/run`, so `make down` stops
it too. What it starts with, and what it shows, is in `superset/`.
"""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit, urlunsplit

import httpx
import psycopg
from psycopg import sql

from quanyu import warehouse
from quanyu.errors import ConfigurationError, Retryable
from quanyu.local.environment import write_private
from quanyu.local.processes import Process, free_port, sigterm_like_ctrl_c, stop
from quanyu.settings import PROJECT

ENVIRONMENT = PROJECT / "var" / "superset" / "venv"
"""Where `make bi` puts Superset's packages, whatever home it serves."""

LOGIN = "quanyu_superset"

_PATIENCE_SECONDS = 300
_PORT = 8088


@dataclass(frozen=True, slots=True)
class _Secrets:
    secret_key: str
    admin_password: str
    reader_password: str

    @classmethod
    def of(cls, folder: Path) -> _Secrets:
        path = folder / "secrets.json"
        if path.exists():
            return cls(**json.loads(path.read_text()))
        made = cls(secrets.token_urlsafe(42), secrets.token_urlsafe(12), secrets.token_urlsafe(24))
        write_private(path, json.dumps(asdict(made)))
        return made


@dataclass(frozen=True)
class Superset:
    """Superset on the marts of one warehouse; `reader_url` is a login of the operator's own, if there is one."""

    home: Path
    warehouse_url: str
    reader_url: str = ""

    @property
    def process(self) -> Process:
        """The script that prepares Superset and becomes its server."""
        command = ("bash", str(PROJECT / "superset" / "serve.sh"))
        return Process("superset", command, self.home / "run", self.home / "logs")

    @property
    def admin_password(self) -> str:
        """The password of the user `admin`."""
        return self._kept.admin_password

    @cached_property
    def url(self) -> str:
        """Where it answers: the port of the last time, so that a bookmark stays good."""
        path = self._folder / "port"
        if self.process.pid() is None or not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(str(free_port(int(path.read_text()) if path.exists() else _PORT)))
        return f"http://127.0.0.1:{path.read_text()}"

    def up(self, say: Callable[[str], None] = lambda _: None) -> None:
        """Start it with the bundle as it is now; return when it answers, or raise Retryable with the end of its log."""
        if not (ENVIRONMENT / "bin" / "gunicorn").exists():
            raise ConfigurationError("Superset is not installed.", remedy="`make bi` installs and starts it.")
        environment = self._environment()
        with sigterm_like_ctrl_c():
            try:
                stop([self.process])
                self.process.start(environment)
                self._wait(say)
            except BaseException:
                stop([self.process])
                raise

    def _environment(self) -> dict[str, str]:
        """Nothing of ours but the login: neither the vault's key nor the warehouse's owner is known to Superset."""
        reader = self.reader_url
        if not reader:
            reader = _with_user(self.warehouse_url, LOGIN, self._kept.reader_password)
            make_login(self.warehouse_url, reader)
        return {
            "PATH": f"{ENVIRONMENT / 'bin'}:/usr/local/bin:/usr/bin:/bin",
            "HOME": str(self._folder),
            "LANG": "C.UTF-8",
            "QUANYU_BI_URL": reader,
            "SUPERSET_SECRET_KEY": self._kept.secret_key,
            "SUPERSET_ADMIN_PASSWORD": self._kept.admin_password,
            "SUPERSET_HOME": str(self._folder),
            "SUPERSET_BIND": self.url.removeprefix("http://"),
        }

    def _wait(self, say: Callable[[str], None]) -> None:
        say("Superset: its tables, the dashboards, the server (a minute the first time)")
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while not _is_healthy(self.url):
            if self.process.pid() is None or time.monotonic() > deadline:
                raise Retryable(f"Superset does not answer. The end of {self.process.log}:\n{self.process.tail()}")
            time.sleep(0.5)

    @property
    def _folder(self) -> Path:
        return self.home / "superset"

    @cached_property
    def _kept(self) -> _Secrets:
        return _Secrets.of(self._folder)


def make_login(warehouse_url: str, reader_url: str) -> str:
    """Let the user of `reader_url` read the marts and nothing else, with the password that stands there; its name."""
    wanted = urlsplit(reader_url)
    if not wanted.username or not wanted.password:
        raise ConfigurationError(
            "the login has no user or no password.", remedy="postgresql://user:password@host/database"
        )
    name, password = sql.Identifier(unquote(wanted.username)), sql.Literal(unquote(wanted.password))
    try:
        with warehouse.connect(warehouse_url) as connection:
            if not connection.execute(
                "select 1 from pg_roles where rolname = %s", [unquote(wanted.username)]
            ).fetchone():
                connection.execute(sql.SQL("create role {}").format(name))
            connection.execute(sql.SQL("alter role {} login password {}").format(name, password))
            connection.execute(sql.SQL("alter role {} set default_transaction_read_only = on").format(name))
            connection.execute(sql.SQL("grant quanyu_bi to {}").format(name))
    except (psycopg.errors.InsufficientPrivilege, psycopg.errors.UndefinedObject) as error:
        raise ConfigurationError(
            f"the warehouse's user may not make the login {wanted.username}: {error.diag.message_primary}.",
            remedy="have an administrator make a login in the role quanyu_bi, and set QUANYU_BI_URL to it.",
        ) from None
    return unquote(wanted.username)


def _with_user(url: str, user: str, password: str) -> str:
    parts = urlsplit(url)
    place = parts.netloc.rpartition("@")[2]
    return urlunsplit(parts._replace(netloc=f"{quote(user, safe='')}:{quote(password, safe='')}@{place}"))


def _is_healthy(url: str) -> bool:
    try:
        return httpx.get(f"{url}/health", timeout=5).status_code == 200
    except httpx.HTTPError:
        return False
