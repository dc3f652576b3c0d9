"""Processes outlive the command that started them and stop as one, whatever their children do."""

from __future__ import annotations

import os
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from quanyu.local.processes import Process, free_port, stop

# The child leaves the process group and ignores the polite signal, as a task runner with a stuck task does.
_STUBBORN_FAMILY = """
import os, signal, time
if os.fork() == 0:
    os.setpgid(0, 0)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    print("child is deaf", flush=True)
time.sleep(600)
"""


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[[str], Process]]:
    started: list[Process] = []

    def run(code: str) -> Process:
        process = Process("family", (sys.executable, "-c", code), tmp_path / "run", tmp_path / "logs")
        started.append(process)
        process.start(os.environ)
        return process

    yield run
    stop(started, patience=1)


def _until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline, "waited for 30 s"
        time.sleep(0.05)


def _is_alive(process: psutil.Process) -> bool:
    return process.is_running() and process.status() != psutil.STATUS_ZOMBIE


def test_stopping_ends_the_children_too_even_the_deaf_ones(start: Callable[[str], Process]) -> None:
    family = start(_STUBBORN_FAMILY)
    _until(lambda: "child is deaf" in family.tail())
    members = family.members()
    assert len(members) == 2
    stop([family], patience=1)
    assert not any(_is_alive(member) for member in members)
    assert family.pid() is None


def test_children_of_a_killed_leader_are_still_found(start: Callable[[str], Process]) -> None:
    family = start(_STUBBORN_FAMILY)
    _until(lambda: "child is deaf" in family.tail())
    leader = family.pid()
    assert leader
    os.kill(leader, signal.SIGKILL)
    _until(lambda: family.pid() is None)
    assert len(family.members()) == 1
    stop([family], patience=1)
    assert family.members() == []


def test_a_stranger_with_the_same_id_is_left_alone(start: Callable[[str], Process], tmp_path: Path) -> None:
    stranger = start("import time; time.sleep(600)")
    ours = Process("ours", (), tmp_path / "run", tmp_path / "logs")
    pid, created = (tmp_path / "run" / "family.pid").read_text().split()
    (tmp_path / "run" / "ours.pid").write_text(f"{pid} {float(created) - 3600}")
    assert ours.pid() is None
    stop([ours], patience=1)
    assert stranger.pid() == int(pid)


def test_the_log_tells_why_a_process_died(start: Callable[[str], Process]) -> None:
    dead = start("raise SystemExit('no disk left')")
    _until(lambda: dead.pid() is None)
    assert "no disk left" in dead.tail()


def test_a_free_port_is_none_that_an_outgoing_connection_may_be_given() -> None:
    lowest = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    assert {free_port() for _ in range(50)} <= set(range(1024, lowest))


def test_the_wanted_port_is_taken_unless_somebody_has_it() -> None:
    wanted = free_port()
    assert free_port(wanted) == wanted
    with socket.create_server(("127.0.0.1", wanted)):
        assert free_port(wanted) != wanted
