"""A contender's work and the process it is done in: light, so that a process weighs what its contender imports."""

from __future__ import annotations

import resource
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

Stages = dict[str, float]
"""Seconds by name."""

START = "start"
"""The stage that is dbt's own start; told apart, because a night starts dbt once for all its models."""


@dataclass(frozen=True)
class Job:
    """Where to read and what to write; `night` is a table of new edges, for who can add them."""

    url: str
    edges: str
    labels: str
    seconds_cap: float
    folder: Path
    night: str = ""


Work = Callable[[Job], Stages]


class NotFinished(Exception):
    """The cap was reached."""


def work_apart(pipe: Connection, work: Work, job: Job) -> None:
    """Send what each stage took and the most memory this process ever had, or why it was not finished."""
    try:
        stages = work(job)
    except NotFinished as error:
        pipe.send(str(error))
        return
    pipe.send((stages, most_memory()))


def most_memory() -> int:
    """Bytes; getrusage alone would begin with what the parent had when it started this process."""
    status = Path("/proc/self/status")
    if status.exists():
        kilobytes = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM")).split()[1]
        return int(kilobytes) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
