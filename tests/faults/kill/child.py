"""A piece of work in a process of its own that can be killed, stopped and woken.

A new interpreter would import for a second or two before its first statement, and 200 of them for minutes. So the
parent imports everything once, holds no connection and runs no thread, and each child is a fork of it. A child leaves
by SIGKILL or by `os._exit`: in both cases nothing of the parent's is closed, flushed or finished on its behalf.
"""

from __future__ import annotations

import json
import os
import select
import signal
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

_PATIENCE = 120.0


@dataclass(frozen=True, slots=True)
class End:
    """How a child ended: what its work returned, or the traceback it died of; `seconds` it lived."""

    was_killed: bool
    said: Any
    error: str
    seconds: float


class Child:
    """One fork at work; `work` returns something that JSON can say."""

    def __init__(self, work: Callable[[], Any]) -> None:
        self._began = time.monotonic()
        self._out, into = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            os.close(self._out)
            _work_and_exit(work, into)
        os.close(into)

    def end(self, patience: float = _PATIENCE) -> End:
        """Wait for the end; a child that outlives `patience` is killed, and then counts as killed."""
        heard = b""
        until = time.monotonic() + patience
        while select.select([self._out], [], [], max(0.0, until - time.monotonic()))[0]:
            if not (chunk := os.read(self._out, 1 << 16)):
                break
            heard += chunk
        else:
            self.kill()
        os.close(self._out)
        _, status = os.waitpid(self.pid, 0)
        seconds = time.monotonic() - self._began
        if os.WIFSIGNALED(status):
            return End(was_killed=True, said=None, error="", seconds=seconds)
        said, error = json.loads(heard)
        return End(was_killed=False, said=said, error=error, seconds=seconds)

    def kill(self) -> None:
        """kill -9."""
        os.kill(self.pid, signal.SIGKILL)

    def has_stopped(self, patience: float = _PATIENCE) -> bool:
        """Wait until the child has stopped itself; False when it did not."""
        until = time.monotonic() + patience
        while time.monotonic() < until:
            # Left waitable: the end is `end`'s to collect.
            seen = os.waitid(os.P_PID, self.pid, os.WSTOPPED | os.WEXITED | os.WNOHANG | os.WNOWAIT)
            if seen is not None:
                return seen.si_code == os.CLD_STOPPED
            time.sleep(0.005)
        return False

    def wake(self) -> None:
        """Let a stopped child go on."""
        os.kill(self.pid, signal.SIGCONT)


def die_here() -> None:
    """kill -9 of the process that asks."""
    os.kill(os.getpid(), signal.SIGKILL)


def stop_here() -> None:
    """SIGSTOP of the process that asks."""
    os.kill(os.getpid(), signal.SIGSTOP)


def _work_and_exit(work: Callable[[], Any], into: int) -> None:
    code = 1
    try:
        said, error = None, ""
        try:
            said = work()
        except BaseException:  # noqa: BLE001  # a fork must not unwind into its parent's code
            error = traceback.format_exc()
        with os.fdopen(into, "wb") as out:
            out.write(json.dumps([said, error]).encode())
        code = 0
    finally:
        os._exit(code)
