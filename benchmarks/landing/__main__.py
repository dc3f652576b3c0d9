"""`python -m benchmarks.landing` prints a table and writes var/bench/landing.json; see docs/benchmarks.md."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from quanyu.settings import PROJECT


def main(
    rows: Annotated[int, typer.Option(help="How many orders.")] = 1_000_000,
    size: Annotated[int, typer.Option(help="Orders on a page.")] = 1_000,
    slow_rows: Annotated[int, typer.Option(help="How many of them for the slow ones.")] = 100_000,
    repeats: Annotated[int, typer.Option(help="Runs of ours and of bare COPY, by turns.")] = 3,
    folder: Annotated[Path, typer.Option(help="For the server, its data, and the results.")] = PROJECT
    / "var"
    / "bench",
) -> None:
    """Measure landing and its rivals on the same Postgres, side by side."""
    # Each contender's process imports this module, so it stays light.
    from benchmarks.identity.report import machine
    from benchmarks.identity.server import running
    from benchmarks.landing.contest import Contest
    from benchmarks.landing.report import figures, table, target_table
    from quanyu import warehouse

    console = Console(width=max(Console().width, 125))
    measured_on = machine()
    console.print(measured_on)
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder) as scratch, running(folder / "postgres") as server:
        with warehouse.connect(server.url) as connection:
            warehouse.migrate(connection)
        contest = Contest(server, Path(scratch), rows, size, min(slow_rows, rows), repeats, console.print)
        results = contest.run()
    flat = figures(results)
    console.print(table(results, rows=rows, size=size))
    console.print(target_table(flat))
    path = folder / "landing.json"
    said = {"machine": measured_on, "rows": rows, "page": size} | flat
    path.write_text(json.dumps(said, indent=2) + "\n", encoding="utf-8")
    console.print(str(path))


if __name__ == "__main__":
    typer.run(main)
