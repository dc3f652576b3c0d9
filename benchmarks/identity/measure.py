"""One run of one contender, in a process of its own: time, memory, bytes written, and whether the answer is right."""

from __future__ import annotations

import multiprocessing
import time
from dataclasses import dataclass
from multiprocessing.connection import Connection

import numpy as np

from benchmarks.identity.generator import Edges, Nodes
from benchmarks.identity.job import START, Job, Stages, Work, work_apart
from benchmarks.identity.server import Server
from benchmarks.identity.transport import read_pairs

_MB = 1_000_000
_SECONDS_BETWEEN_SAMPLES = 0.1


@dataclass(frozen=True)
class Measured:
    """One run; `note` says why there are no figures."""

    stages: Stages
    client_mb: float = 0.0
    postgres_mb: float = 0.0
    temp_mb: float = 0.0
    wal_mb: float = 0.0
    note: str = ""

    @property
    def seconds(self) -> float:
        """All stages but dbt's own start."""
        return sum(seconds for stage, seconds in self.stages.items() if stage != START)

    @property
    def seconds_without_keys(self) -> float:
        """The same, before the table gets its keys."""
        return self.seconds - self.stages.get("keys", 0.0)


def run(server: Server, work: Work, job: Job) -> Measured:
    """Let one contender work; past twice its cap it is ended from outside. Why it left no answer is the note."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    before = server.counters()
    process = context.Process(target=work_apart, args=(theirs, work, job))
    process.start()
    theirs.close()
    peak, deadline = 0, time.monotonic() + 2 * job.seconds_cap
    while not ours.poll(_SECONDS_BETWEEN_SAMPLES):
        peak = max(peak, server.private_bytes())
        if time.monotonic() > deadline:
            process.terminate()
            process.join()
            server.cut_off()
            return Measured({}, note=f"not finished after {2 * job.seconds_cap:.0f} s")
    answer = _receive(ours)
    process.join()
    if isinstance(answer, str):
        return Measured({}, postgres_mb=peak / _MB, note=answer)
    stages, client_bytes = answer
    after = server.counters()
    return Measured(
        stages, client_bytes / _MB, peak / _MB, (after.temp - before.temp) / _MB, (after.wal - before.wal) / _MB
    )


def _receive(pipe: Connection) -> tuple[Stages, int] | str:
    try:
        answer: tuple[Stages, int] | str = pipe.recv()
    except EOFError:
        return "failed; its own words are above"
    return answer if isinstance(answer, tuple) else f"not finished: {answer}"


def fingerprint(nodes: Nodes, labels: Nodes) -> int:
    """A number that depends on who is together with whom, and on nothing else."""
    order = np.argsort(labels)
    nodes, labels = nodes[order], labels[order]
    is_first = np.concatenate([[True], labels[1:] != labels[:-1]])
    smallest = np.minimum.reduceat(nodes, np.flatnonzero(is_first))[np.cumsum(is_first) - 1]
    with np.errstate(over="ignore"):
        mixed = nodes.view(np.uint64) * np.uint64(0x9E3779B97F4A7C15) + smallest.view(np.uint64)
        mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return int((mixed ^ (mixed >> np.uint64(31))).sum(dtype=np.uint64))


def fingerprint_of_table(server: Server, labels: str, *, aliases: str = "") -> int:
    """Of the answer that a contender left."""
    query = f"select node, label from {labels}"
    if aliases:
        query = f"""select known.node, coalesce(alias.component, known.label)
        from {labels} as known left join {aliases} as alias on known.label = alias.label"""
    return fingerprint(*read_pairs(server.url, query))


def fingerprint_of_edges(*parts: Edges) -> int:
    """Of the truth: components solved here, in memory."""
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    accounts, rows_a = np.unique(np.concatenate([part.account for part in parts]), return_inverse=True)
    identifiers, rows_b = np.unique(np.concatenate([part.identifier for part in parts]), return_inverse=True)
    nodes = np.concatenate([accounts, identifiers])
    ones = np.ones(len(rows_a), np.int8)
    matrix = coo_matrix((ones, (rows_a, rows_b + len(accounts))), shape=(len(nodes), len(nodes)))
    return fingerprint(nodes, connected_components(matrix, directed=False)[1].astype(np.int64))
