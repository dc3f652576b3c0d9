"""The sandbox's SQL server: it starts late, is shared, and never outlives who started it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from datetime import date
from pathlib import Path

import psutil
import pytest

from tests.sandbox import mariadb, running_sandbox, sql_server
from tests.sandbox.server import platforms

PROJECT = Path(__file__).resolve().parents[2]
_HELD = """
import time
from tests.sandbox.mariadb import MariaDB
server = MariaDB().start()
print(server.port, flush=True)
time.sleep(600)
"""


@pytest.mark.skipif(mariadb.programs() is None, reason="MariaDB is not installed")
def test_the_server_goes_with_a_process_that_is_killed() -> None:
    """Also its data folder: nobody is left to clean up after SIGKILL."""
    environment = {**os.environ, "PYTHONPATH": f"{PROJECT / 'plugins'}:{PROJECT}"}
    with subprocess.Popen([sys.executable, "-c", _HELD], cwd=PROJECT, env=environment, stdout=subprocess.PIPE) as held:
        assert held.stdout is not None
        port = int(held.stdout.readline())
        server = next(
            process
            for process in psutil.Process(held.pid).children(recursive=True)
            if process.name() in {"mariadbd", "mysqld"}
        )
        folder = Path(next(part for part in server.cmdline() if part.startswith("--datadir=")).partition("=")[2]).parent
        assert f"--port={port}" in server.cmdline()
        assert folder.is_dir()
        held.send_signal(signal.SIGKILL)
        held.wait()
    for _ in range(200):
        if not server.is_running() and not folder.exists():
            break
        time.sleep(0.05)
    assert not server.is_running()
    assert not folder.exists()


@pytest.mark.skipif(mariadb.programs() is None, reason="MariaDB is not installed")
def test_the_server_is_nobodys_but_ours() -> None:
    """An unprivileged user, a loopback port, no account without a password."""
    import pymysql

    server = sql_server.sql_server()
    process = next(
        process
        for process in psutil.Process().children(recursive=True)
        if process.name() in {"mariadbd", "mysqld"} and f"--port={server.port}" in process.cmdline()
    )
    assert process.username() != "root"
    assert {connection.laddr.ip for connection in process.net_connections("inet")} == {"127.0.0.1"}
    with pytest.raises(pymysql.OperationalError):
        pymysql.connect(host="127.0.0.1", port=server.port, user="root", password="")


def test_a_sandbox_nobody_reads_a_database_of_starts_no_server() -> None:
    """Most tests want other platforms: they must not pay for it."""
    code = (
        "from tests.sandbox import running_sandbox, sql_server\n"
        "with running_sandbox(people=50) as sandbox:\n"
        "    assert sandbox.connections['tmall_push']['host'].count('/sys_info_')\n"
        "print(len(sql_server._running))\n"
    )
    environment = {**os.environ, "PYTHONPATH": f"{PROJECT / 'plugins'}:{PROJECT}"}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=PROJECT, env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "0"


def test_two_sandboxes_beside_each_other_have_databases_of_their_own() -> None:
    with (
        running_sandbox(people=50, seed=1, business_date=date(2026, 11, 20)) as one,
        running_sandbox(people=50, seed=2, business_date=date(2026, 11, 20)) as other,
    ):
        hosts = [sandbox.connections[name]["host"] for sandbox in (one, other) for name in ("tmall_push", "store_db")]
    assert len({host.rpartition("/")[2] for host in hosts}) == 4


def test_what_stands_in_for_another_platform_names_one_that_exists() -> None:
    found = platforms()
    instead = {name: kind.alternative_to for name, kind in found.items() if kind.alternative_to}
    assert instead["tmall_push"] == "tmall"
    assert instead["store_db"] == "store"
    assert set(instead.values()) <= set(found) - set(instead)
