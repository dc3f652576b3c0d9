"""What is run, in which order, on which graph; what forms a ratio takes turns, and every answer is compared."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.identity import ours, rivals
from benchmarks.identity.generator import Edges, Graph, generate
from benchmarks.identity.job import Job, Work
from benchmarks.identity.measure import Measured, fingerprint_of_edges, fingerprint_of_table, run
from benchmarks.identity.server import Server

SEED = 20261120

_MAIN: tuple[tuple[str, Work], ...] = (("ours_full", ours.full), ("scipy", rivals.scipy))

# Name, how to run it, the largest graph it is given in edges.
_ONCE: tuple[tuple[str, Work, int], ...] = (
    ("splink_duckdb", rivals.splink_duckdb, 10_000_000),
    ("splink_postgres", rivals.splink_postgres, 1_000_000),
    ("networkx", rivals.networkx, 1_000_000),
    ("naive_sql", rivals.naive_sql, 1_000_000),
)

# Without these there are no ratios: they may take their time, and their failure is the run's.
_PATIENCE_SECONDS = 7200.0

Runs = dict[str, list[Measured]]


class WrongAnswer(Exception):
    """A contender put other nodes together than the truth does."""


@dataclass(frozen=True)
class Arena:
    """One graph in the server, and what was measured on it."""

    server: Server
    folder: Path
    graph: Graph
    size: int
    say: Callable[[str], None]
    runs: Runs = field(default_factory=dict)

    @property
    def ours(self) -> str:
        """Our table of labels, the only one that stays."""
        return f"ours_full_{self.size}"

    def compete(self, name: str, work: Work, truth: int, *, cap: float) -> None:
        """Run a contender on the whole graph. Raises WrongAnswer."""
        self.server.execute("checkpoint")
        labels = f"{name}_{self.size}"
        self._keep(name, run(self.server, work, self._job(labels, cap=cap)), cap)
        if not self.runs[name][-1].note and fingerprint_of_table(self.server, labels) != truth:
            raise WrongAnswer(f"{name} differs from the truth.")
        if labels != self.ours:
            self.server.execute(f"drop table if exists {labels}")

    def settle(self) -> None:
        """Bring our table into the state it has before a night, whatever was done before."""
        self.server.execute(f"vacuum analyze {self.ours}", "checkpoint")
        self.server.read_through(self.ours)

    def night(self, name: str, start: int, count: int) -> None:
        """Add some of the night's edges to what is there."""
        night = Edges(
            *(part[start : start + count] for part in (self.graph.night.account, self.graph.night.identifier))
        )
        self.server.load("night", night)
        self._keep(name, run(self.server, ours.night, self._job(self.ours, night="night")), _PATIENCE_SECONDS)
        self.server.execute("drop table night")

    def check_nights(self, *added: slice) -> None:
        """Compare what the nights made with the truth. Raises WrongAnswer."""
        night = self.graph.night
        truth = fingerprint_of_edges(
            self.graph.history, *(Edges(night.account[part], night.identifier[part]) for part in added)
        )
        if fingerprint_of_table(self.server, self.ours, aliases=f"{self.ours}_aliases") != truth:
            raise WrongAnswer("the nights differ from the truth.")

    def _keep(self, name: str, measured: Measured, cap: float) -> None:
        self.say(f"  {name}_{self.size}: {measured.note or f'{measured.seconds:.2f} s'}")
        if measured.note and cap == _PATIENCE_SECONDS:
            raise RuntimeError(f"{name} {measured.note}.")
        self.runs.setdefault(name, []).append(measured)

    def _job(self, labels: str, *, cap: float = _PATIENCE_SECONDS, night: str = "") -> Job:
        return Job(self.server.url, f"edges_{self.size}", labels, cap, self.folder / "engine", night)


@dataclass(frozen=True)
class Plan:
    """How much of everything; `daily` is the number of new edges that is the same for every size, 0 with one size."""

    folder: Path
    repeats: int
    seconds_cap: float
    daily: int
    rivals: frozenset[str]
    say: Callable[[str], None]

    def measure(self, server: Server, edges: int) -> Arena:
        """Every contender on a graph of about that many edges; ours full, scipy and nights of 1 % take turns."""
        self.say(f"{edges:,} edges")
        percent, repeats = edges // 100, self.repeats if edges < 50_000_000 else 1
        graph = generate(edges, seed=SEED, night=2 * percent + (self.repeats + 1) * self.daily)
        arena = Arena(server, self.folder, graph, edges, self.say)
        server.load(f"edges_{edges}", graph.history)
        truth = fingerprint_of_edges(graph.history)
        for _ in range(repeats):
            for name, work in _MAIN:
                arena.compete(name, work, truth, cap=_PATIENCE_SECONDS)
            arena.settle()
            arena.night("first_night_after_checkpoint", 0, percent)
            arena.night("ours_night", percent, percent)
            arena.check_nights(slice(0, 2 * percent))
        for name, work, largest in _ONCE:
            if edges <= largest and name in self.rivals:
                arena.compete(name, work, truth, cap=self.seconds_cap)
        server.execute(f"drop table edges_{edges}")
        return arena

    def measure_daily(self, arenas: list[Arena]) -> None:
        """Nights of equally many edges, the sizes in turn; the first round warms all of them up alike."""
        for arena in arenas:
            arena.settle()
        for round_ in range(self.repeats + 1):
            for arena in arenas:
                start = 2 * (arena.size // 100) + round_ * self.daily
                arena.night("ours_daily_night" if round_ else "first_daily_night", start, self.daily)
        for arena in arenas:
            arena.check_nights(slice(0, len(arena.graph.night)))
