"""`python -m benchmarks.identity` prints tables and writes var/bench/identity.json; see docs/benchmarks.md."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from quanyu.settings import PROJECT

_DAILY_EDGES = 10_000
_OTHERS = ("splink_duckdb", "splink_postgres", "networkx", "naive_sql")


def main(
    sizes: Annotated[str, typer.Option(help="Millions of edges, with commas.")] = "1,10",
    repeats: Annotated[int, typer.Option(help="Runs of ours and of scipy, and nights of each kind.")] = 3,
    cap: Annotated[float, typer.Option(help="Seconds after which a slow contender counts as not finished.")] = 180.0,
    others: Annotated[str, typer.Option(help="Rivals beside scipy, with commas.")] = ",".join(_OTHERS),
    folder: Annotated[Path, typer.Option(help="For the server, its data, and the results.")] = PROJECT
    / "var"
    / "bench",
) -> None:
    """Measure ours and the others on the same Postgres, side by side."""
    # Each contender's process imports this module, so it stays light.
    from benchmarks.identity import report
    from benchmarks.identity.plan import Arena, Plan
    from benchmarks.identity.server import running

    console = Console(width=max(Console().width, 100))
    counts = sorted(round(float(size) * 1_000_000) for size in sizes.split(","))
    daily = min(_DAILY_EDGES, counts[0] // 100) if len(counts) > 1 else 0
    chosen = frozenset(others.split(",")) - {""}
    if chosen - set(_OTHERS):
        raise typer.BadParameter(f"{', '.join(sorted(chosen - set(_OTHERS)))}: not among {', '.join(_OTHERS)}.")
    machine = report.machine()
    console.print(machine)
    arenas: list[Arena] = []
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "identity.json"

    def figures() -> report.Figures:
        flat = report.figures({arena.size: arena.runs for arena in arenas}, daily=daily)
        path.write_text(json.dumps({"machine": machine, "sizes": sizes} | flat, indent=2) + "\n", encoding="utf-8")
        return flat

    with tempfile.TemporaryDirectory(dir=folder) as scratch, running(folder / "postgres") as server:
        plan = Plan(Path(scratch), repeats, cap, daily, chosen, console.print)
        for edges in counts:
            arenas.append(plan.measure(server, edges))
            figures()  # a long run that ends early leaves what it has
        if daily:
            plan.measure_daily(arenas)
    for arena in arenas:
        console.print(report.table(arena.size, arena.runs))
    console.print(report.target_table(figures()))
    console.print(str(path))


if __name__ == "__main__":
    typer.run(main)
