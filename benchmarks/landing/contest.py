"""Who runs when, each in a process of its own, so that its memory is its own."""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from multiprocessing.connection import Connection as Pipe
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.identity.job import most_memory
from benchmarks.landing import orders, ours, rivals
from quanyu import warehouse

if TYPE_CHECKING:
    # Each contender's process imports this module, and the server's brings what only the benchmark of identity needs.
    from benchmarks.identity.server import Server

OURS, COPY, COPY_KEY = "ours", "bare COPY", "bare COPY, primary key"
DLT = "dlt, from dicts"
AGAIN, GATE = "ours, the same again", "the raw gate alone"
TENTH, STRANGERS, HUNDREDS = "ours, a tenth", "ours, a tenth, all strangers", "ours, a tenth, pages of 100"
GATE_TENTH = "the raw gate alone, a tenth"


@dataclass(frozen=True)
class Run:
    """One run: rows, seconds by stage, who used which CPU seconds, the most memory its process held (MB)."""

    rows: int
    stages: dict[str, float]
    cpu: dict[str, float]
    peak_mb: float

    @property
    def seconds(self) -> float:
        """All stages."""
        return sum(self.stages.values())

    @property
    def rate(self) -> float:
        """Rows a second over all stages."""
        return self.rows / self.seconds

    @property
    def microseconds(self) -> float:
        """CPU for a row, of its own process and of Postgres."""
        return (self.cpu["own"] + self.cpu["postgres"]) / self.rows * 1e6


Results = dict[str, list[Run]]


@dataclass
class Contest:
    """The rows, where they go, and what was measured so far."""

    server: Server
    scratch: Path
    rows: int
    size: int
    slow_rows: int
    repeats: int
    say: Callable[[str], None]
    results: Results = field(default_factory=dict)

    @property
    def dsn(self) -> str:
        """Of the only database."""
        return self.server.url

    def run(self) -> Results:
        """Ours, COPY and dlt by turns, since their ratios have targets; then everybody else once."""
        pages = orders.write(self.scratch / "pages.json", self.rows, self.size)
        ready = self.scratch / "rows.copy"
        with orders.served(pages) as shop:
            for _ in range(self.repeats):
                self._lands(OURS, pages, shop)
                rivals.export(self.dsn, f"raw.{ours.TABLE}", ready)
                self._measure(COPY, self.rows, rivals.bare_copy, self.dsn, ready, False)
                self._measure(COPY_KEY, self.rows, rivals.bare_copy, self.dsn, ready, True)
                self._rival(DLT, pages)
            holds(self.dsn, "bench.copied", self.rows)
            self._lands(AGAIN, pages, shop, ours.land_again)
        self._measure(GATE, self.rows, ours.gate, self.dsn)
        self._tenths()
        for name in rivals.SLOW:
            if name != DLT:
                self._rival(name, pages)
        return self.results

    def _rival(self, name: str, pages: orders.Pages) -> None:
        work, table = rivals.SLOW[name]
        if name == DLT:
            # dlt keeps its state beside the table, and without the one does not make the other again.
            with warehouse.connect(self.dsn) as connection:
                connection.execute(f"drop schema if exists {table.split('.')[0]} cascade")
        self._measure(name, self.slow_rows, _with_rows, work, self.dsn, pages, self.slow_rows)
        holds(self.dsn, table, self.slow_rows)

    def _tenths(self) -> None:
        """What fewer rows, smaller pages and people who are all new make of it."""
        rows = max(self.rows // 10, 100)
        for name, size, per_customer in (
            (HUNDREDS, 100, orders.PER_CUSTOMER),
            (STRANGERS, self.size, 1),
            (TENTH, self.size, orders.PER_CUSTOMER),
        ):
            pages = orders.write(self.scratch / "tenth.json", rows, size, per_customer)
            with orders.served(pages) as shop:
                self._lands(name, pages, shop)
        self._measure(GATE_TENTH, rows, ours.gate, self.dsn)

    def _lands(self, name: str, pages: orders.Pages, shop: orders.Shop, work: Callable[..., Any] = ours.land) -> None:
        self._measure(name, pages.rows, work, shop.url, self.dsn, pages.size, platform_cpu=shop.cpu_seconds)
        holds(self.dsn, f"raw.{ours.TABLE}", pages.rows)

    def _measure(
        self,
        name: str,
        rows: int,
        work: Callable[..., dict[str, float]],
        *arguments: Any,
        platform_cpu: Callable[[], float] = lambda: 0.0,
    ) -> None:
        self._settle()
        before = {"platform": platform_cpu(), "postgres": self.server.cpu_seconds()}
        context = multiprocessing.get_context("spawn")
        mine, theirs = context.Pipe()
        process = context.Process(target=_apart, args=(theirs, work, arguments))
        process.start()
        theirs.close()
        stages, own, peak = mine.recv()
        process.join()
        after = {"platform": platform_cpu(), "postgres": self.server.cpu_seconds()}
        cpu = {"own": own} | {who: after[who] - before[who] for who in after}
        run = Run(rows, stages, cpu, peak / 1_000_000)
        self.results.setdefault(name, []).append(run)
        self.say(f"{name}: {run.rate:,.0f} rows/s, {run.microseconds:.1f} us of CPU a row, {run.peak_mb:.0f} MB")

    def _settle(self) -> None:
        """No contender pays for the checkpoint of the one before it."""
        with warehouse.connect(self.dsn, autocommit=True) as connection:
            connection.execute("checkpoint")


def holds(dsn: str, table: str, rows: int) -> None:
    """Raise when a contender lost a row: then it has not won."""
    with warehouse.connect(dsn) as connection:
        found = connection.execute(f"select count(*) from {table}").fetchone()
    if found != (rows,):
        raise RuntimeError(f"{table} holds {found} rows instead of {rows}")


def _apart(pipe: Pipe, work: Callable[..., dict[str, float]], arguments: tuple[Any, ...]) -> None:
    began = time.process_time()
    stages = work(*arguments)
    pipe.send((stages, time.process_time() - began, most_memory()))


def _with_rows(
    work: Callable[[str, rivals.Rows], dict[str, float]], dsn: str, pages: orders.Pages, limit: int
) -> dict[str, float]:
    return work(dsn, orders.parsed(pages, limit))
