"""`python -m benchmarks.marts` prints tables and writes var/bench/marts.json; see docs/benchmarks.md."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from quanyu.settings import PROJECT


def main(
    persons: Annotated[float, typer.Option(help="Millions of persons; twice as many orders.")] = 1.0,
    sizes: Annotated[str, typer.Option(help="Millions of touchpoints, with commas.")] = "1,10",
    nights: Annotated[int, typer.Option(help="Nights of one per cent of the largest size.")] = 3,
    folder: Annotated[Path, typer.Option(help="For the server, its data, and the results.")] = PROJECT
    / "var"
    / "bench",
) -> None:
    """Measure the marts, full and by night, beside plain tables and DuckDB, on the same rows."""
    from benchmarks.identity.report import machine
    from benchmarks.identity.server import running
    from benchmarks.marts.contest import compare, measure
    from benchmarks.marts.history import Size
    from benchmarks.marts.house import House
    from benchmarks.marts.report import Measured, figures, slowest, target_table

    console = Console(width=max(Console().width, 100))
    measured_on = machine()
    console.print(measured_on)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "marts.json"
    count = round(persons * 1_000_000)
    counts = sorted(round(float(size) * 250_000) * 4 for size in sizes.split(","))
    night = Size(count, 2 * count, counts[-1]).percent()
    measured: list[Measured] = []
    for touchpoints in counts:
        with (
            tempfile.TemporaryDirectory(dir=folder) as scratch,
            # Ten million touchpoints do not fit into memory, so a page read at random costs what Postgres thinks.
            running(folder / "postgres", random_page_cost="4") as server,
        ):
            house = House(server, Path(scratch))
            measured.append(measure(house, Size(count, 2 * count, touchpoints), night, nights, console.print))
            if touchpoints == counts[-1]:
                compare(house, measured[-1], console.print)
        flat = figures(measured)  # a long run that ends early leaves what it has
        said = {"machine": measured_on, "persons": count, "orders": 2 * count, "sizes": sizes} | flat
        path.write_text(json.dumps(said, indent=2) + "\n", encoding="utf-8")
    console.print(slowest(measured[-1]))
    console.print(target_table(figures(measured)))
    console.print(str(path))


if __name__ == "__main__":
    typer.run(main)
