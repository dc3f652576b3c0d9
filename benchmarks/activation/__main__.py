"""`python -m benchmarks.activation` prints a table and writes var/bench/activation.json; see docs/benchmarks.md."""

from __future__ import annotations

import json
from pathlib import Path
from statistics import median
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from quanyu.settings import PROJECT

TARGETS = {
    "ours_over_bare_loop": "at least 0.4",
    "rate_limit_use": "above 0.95",
    "planning_spread_seconds": "under 60",
    "planning_everybody_seconds": "",
    "memory_growth_mb": "flat",
}


def main(
    messages: Annotated[int, typer.Option(help="How many messages are sent.")] = 100_000,
    people: Annotated[int, typer.Option(help="How many people are planned for.")] = 1_000_000,
    repeats: Annotated[int, typer.Option(help="Runs of ours and of the bare loop, by turns.")] = 3,
    folder: Annotated[Path, typer.Option(help="For the server and the results.")] = PROJECT / "var" / "bench",
) -> None:
    """Measure sending and planning on one Postgres, side by side."""
    from benchmarks.activation import contest
    from benchmarks.activation.provider import running as provider_running
    from benchmarks.identity.report import machine
    from benchmarks.identity.server import running

    console = Console(width=max(Console().width, 125))
    measured_on = machine()
    console.print(measured_on)
    folder.mkdir(parents=True, exist_ok=True)
    with running(folder / "postgres") as server:
        ours, bare, growth = [], [], []
        with provider_running() as provider:
            for _ in range(repeats):
                bare.append(contest.bare_loop(provider, messages))
                seconds, memory = contest.ours(server.url, provider, messages, pace=1_000_000)
                ours.append(seconds)
                growth.append(memory.growth())
                console.print(f"  bare loop {bare[-1]:.1f} s, ours {ours[-1]:.1f} s, memory {growth[-1]:+.0f} MB")
            fewer = messages // 10
            in_sequence = contest.in_sequence(provider, fewer) * messages / fewer
        limited = contest.rate_limited(server.url, min(messages, contest.QUOTA * 40))
        spread = contest.planning(server.url, people=people, segments=12, share=1 / 12)
        everybody = contest.planning(server.url, people=people, segments=12, share=1.0)
    flat = {
        "messages": messages,
        "ours_per_second": messages / median(ours),
        "bare_loop_per_second": messages / median(bare),
        "requests_in_sequence_per_second": messages / in_sequence,
        "ours_over_bare_loop": median(bare) / median(ours),
        "ours_over_requests_in_sequence": in_sequence / median(ours),
        "memory_growth_mb": max(growth),
        **limited,
        **{f"planning_spread_{name}": value for name, value in spread.items()},
        **{f"planning_everybody_{name}": value for name, value in everybody.items()},
    }
    table = Table("figure", "value", "target")
    for name, value in flat.items():
        table.add_row(name, f"{value:,.2f}", TARGETS.get(name, ""))
    console.print(table)
    path = folder / "activation.json"
    path.write_text(json.dumps({"machine": measured_on, "people": people} | flat, indent=2) + "\n", encoding="utf-8")
    console.print(str(path))


if __name__ == "__main__":
    typer.run(main)
