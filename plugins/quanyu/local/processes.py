"""Long-lived processes that outlive the command that started them, and stop as one.

Each is the leader of a session of its own. Airflow's task runners leave their process group but never
their session, so the session finds every descendant, also after its leader died.
"""

from __future__ import annotations

import os
import random
import signal
import socket
import subprocess
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil  # type: ignore[import-untyped]

from quanyu.errors import ConfigurationError

_TAIL_BYTES = 2000


@dataclass(frozen=True, slots=True)
class Process:
    """A named command; its process id is in `<run>/<name>.pid`, its output in `<logs>/<name>.log`."""

    name: str
    command: Sequence[str]
    run: Path
    logs: Path

    @property
    def log(self) -> Path:
        """Where stdout and stderr go."""
        return self.logs / f"{self.name}.log"

    @property
    def _pid_file(self) -> Path:
        return self.run / f"{self.name}.pid"

    def start(self, environment: Mapping[str, str]) -> None:
        """Start in a session of its own, with a fresh log."""
        for folder in (self.run, self.logs):
            folder.mkdir(parents=True, exist_ok=True)
        with self.log.open("wb") as log:
            started = subprocess.Popen(  # noqa: S603  # our own commands, no shell
                self.command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=dict(environment),
                cwd="/",
                start_new_session=True,
            )
        # The start time tells our process from a stranger that got the same id after a reboot.
        self._pid_file.write_text(f"{started.pid} {psutil.Process(started.pid).create_time()}")

    def pid(self) -> int | None:
        """The id of the running leader, None when it is gone."""
        leader = self._leader()
        return leader.pid if leader and leader.status() != psutil.STATUS_ZOMBIE else None

    def members(self) -> list[psutil.Process]:
        """Every living process of the session, the leader included."""
        if not self._pid_file.exists():
            return []
        session = int(self._pid_file.read_text().split()[0])
        if self._leader() is None and psutil.pid_exists(session):
            # A session keeps its id in use, so a stranger with this id means that nobody of ours is left.
            return []
        return _of_session(session)

    def listens_on(self, port: int) -> bool:
        """Whether a member of the session has the port."""
        for member in self.members():
            with suppress(psutil.NoSuchProcess):
                if any(
                    held.status == psutil.CONN_LISTEN and held.laddr.port == port
                    for held in member.net_connections(kind="tcp")
                ):
                    return True
        return False

    def _leader(self) -> psutil.Process | None:
        if not self._pid_file.exists():
            return None
        pid, created = self._pid_file.read_text().split()
        with suppress(ChildProcessError):  # a dead child of ours lingers until it is waited for
            os.waitpid(int(pid), os.WNOHANG)
        with suppress(psutil.NoSuchProcess):
            process = psutil.Process(int(pid))
            if abs(process.create_time() - float(created)) < 1:
                return process
        return None

    def forget(self) -> None:
        """Remove the pid file."""
        self._pid_file.unlink(missing_ok=True)

    def tail(self) -> str:
        """The end of the log."""
        if not self.log.exists():
            return ""
        return self.log.read_bytes()[-_TAIL_BYTES:].decode(errors="replace").strip()


def stop(processes: Iterable[Process], *, patience: float = 8) -> None:
    """Ask every member of every session to stop, wait `patience` seconds, then kill what is left."""
    processes = list(processes)
    for number in (signal.SIGTERM, signal.SIGKILL):
        _signal(processes, number)
        deadline = time.monotonic() + patience
        while any(process.members() for process in processes) and time.monotonic() < deadline:
            time.sleep(0.1)
    for process in processes:
        process.forget()


def _signal(processes: Iterable[Process], number: signal.Signals) -> None:
    for process in processes:
        for member in process.members():
            with suppress(psutil.NoSuchProcess):
                member.send_signal(number)


def _of_session(session: int) -> list[psutil.Process]:
    found = []
    for pid in psutil.pids():
        with suppress(ProcessLookupError, PermissionError, psutil.NoSuchProcess):
            if os.getsid(pid) == session and (process := psutil.Process(pid)).status() != psutil.STATUS_ZOMBIE:
                found.append(process)
    return found


def free_port(wanted: int = 0) -> int:
    """A port of loopback on which nobody listens: `wanted` if it can be had.

    Else one below those that outgoing connections get, from 32768 up on Linux: until the server listens on its port,
    any client of this machine could be given it.
    """
    for port in (*filter(None, [wanted]), *random.SystemRandom().sample(range(20_000, 32_768), k=100)):
        with socket.socket() as probe, suppress(OSError):
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", port))
            return port
    raise ConfigurationError(
        "No port of 127.0.0.1 is free: 100 between 20000 and 32767 were tried.",
        remedy="stop some of what listens there.",
    )


@contextmanager
def sigterm_like_ctrl_c() -> Iterator[None]:
    """Let SIGTERM unwind the stack as Ctrl-C does, so that `finally` runs."""

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


@contextmanager
def not_to_be_interrupted() -> Iterator[None]:
    """Stopping must not be stopped half-way: a second Ctrl-C is ignored meanwhile."""
    before = {number: signal.signal(number, signal.SIG_IGN) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
