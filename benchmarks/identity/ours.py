"""Ours: the macros of the dbt project, called by `dbt run-operation`."""

from __future__ import annotations

import time
from collections.abc import Callable

from benchmarks.identity.engine import Call, Clock, Engine
from benchmarks.identity.job import START, Job, Stages


def full(job: Job) -> Stages:
    """A build from nothing."""
    return _stages(job, "connect_graph", job.edges)


def night(job: Job) -> Stages:
    """A night's new edges on what is there."""
    return _stages(job, "extend_graph", job.night)


def _stages(job: Job, macro: str, edges: str) -> Stages:
    arguments = {"edges": edges, "labels": job.labels, "aliases": f"{job.labels}_aliases"}
    clock, total = _timed(lambda: Engine(job.folder, job.url).prepare().run([Call(macro, arguments)]))
    keys = clock.seconds_of("add primary key")
    stages = {START: total - clock.seconds, "solve": clock.seconds - keys}
    return stages | ({"keys": keys} if keys else {})


def _timed(work: Callable[[], Clock]) -> tuple[Clock, float]:
    started = time.perf_counter()
    return work(), time.perf_counter() - started
