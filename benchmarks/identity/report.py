"""The figures: one flat mapping for machines, one table for people."""

from __future__ import annotations

import os
import platform
from pathlib import Path
from statistics import median

import psutil
from rich.table import Table

from benchmarks.identity.job import START
from benchmarks.identity.measure import Measured
from benchmarks.identity.plan import Runs

Figures = dict[str, float | str]

_TARGETS = {
    "full_over_scipy": 3.5,
    "night_over_full": 0.08,
    "microseconds_per_new_edge": 60,
    "night_10m_over_1m": 1.3,
    "night_wal_over_full": 0.06,
}


def tag(edges: int) -> str:
    """A size as people say it: 1m, 10m, 2k."""
    return f"{edges // 1_000_000}m" if edges >= 1_000_000 else f"{edges // 1000}k"


def machine() -> str:
    """What it was measured on, and how busy that was."""
    model = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        names = [line.split(":", 1)[1].strip() for line in cpuinfo.read_text().splitlines() if "model name" in line]
        model = names[0] if names else model
    memory = psutil.virtual_memory().total / 2**30
    return (
        f"{psutil.cpu_count()} cores of {model}, {memory:.0f} GB, {platform.system()} {platform.release()}, "
        f"load {os.getloadavg()[0]:.1f} before the start"
    )


def figures(results: dict[int, Runs], *, daily: int) -> Figures:
    """Medians of every contender, and the ratios that have a target."""
    flat: Figures = {}
    for edges, runs in results.items():
        for name, measured in runs.items():
            flat |= _of_contender(f"{name}_{tag(edges)}", measured)
        flat |= {f"{key}_{tag(edges)}": value for key, value in _ratios(edges, runs).items()}
    head = 10_000_000 if 10_000_000 in results else max(results)
    flat |= _ratios(head, results[head])
    smallest, largest = min(results), 10_000_000 if 10_000_000 in results else max(results)
    flat["daily_edges"] = daily
    if largest > smallest and "ours_daily_night" in results[largest]:
        ratio = _seconds(results[largest]["ours_daily_night"]) / _seconds(results[smallest]["ours_daily_night"])
        flat[f"night_{tag(largest)}_over_{tag(smallest)}"] = ratio
    return flat


def _of_contender(name: str, runs: list[Measured]) -> Figures:
    if runs[0].note:
        return {f"{name}_note": runs[0].note}
    found: Figures = {f"{name}_seconds": _seconds(runs), f"{name}_runs": len(runs)}
    found[f"{name}_seconds_min"] = min(run.seconds for run in runs)
    found[f"{name}_seconds_max"] = max(run.seconds for run in runs)
    for stage in runs[0].stages:
        label = "dbt_start" if stage == START else stage
        found[f"{name}_{label}_seconds"] = median(run.stages[stage] for run in runs)
    for kind in ("client_mb", "postgres_mb", "temp_mb", "wal_mb"):
        found[f"{name}_{kind}"] = median(getattr(run, kind) for run in runs)
    return found


def _ratios(edges: int, runs: Runs) -> Figures:
    full, scipy, night = runs["ours_full"], runs["scipy"], runs["ours_night"]
    full_wal = median(run.wal_mb for run in full)
    return {
        "full_over_scipy": _seconds(full) / _seconds(scipy),
        "full_over_scipy_without_keys": median(run.seconds_without_keys for run in full)
        / median(run.seconds_without_keys for run in scipy),
        "full_over_scipy_without_numbering": _seconds(full)
        / median(run.seconds - run.stages["number"] for run in scipy),
        "night_over_full": _seconds(night) / _seconds(full),
        "microseconds_per_new_edge": _seconds(night) / (edges // 100) * 1e6,
        "night_wal_over_full": median(run.wal_mb for run in night) / full_wal,
        "first_night_after_checkpoint_wal_over_full": runs["first_night_after_checkpoint"][0].wal_mb / full_wal,
    }


def _seconds(runs: list[Measured]) -> float:
    return median(run.seconds for run in runs)


def table(edges: int, runs: Runs) -> Table:
    """One size, a row for each contender."""
    shown = Table(title=f"{edges:,} edges; memory, temp and WAL in MB", title_justify="left", caption_justify="left")
    for column in ("contender", "seconds", "no keys", "runs", "client", "server", "temp", "WAL"):
        shown.add_column(column, justify="left" if column == "contender" else "right", no_wrap=True)
    for name, measured in runs.items():
        if measured[0].note:
            shown.caption = f"{name}: {measured[0].note}"
            continue
        without = median(run.seconds_without_keys for run in measured)
        sizes = [
            median(getattr(run, kind) for run in measured) for kind in ("client_mb", "postgres_mb", "temp_mb", "wal_mb")
        ]
        shown.add_row(
            name, f"{_seconds(measured):.2f}", f"{without:.2f}", str(len(measured)), *(f"{size:,.0f}" for size in sizes)
        )
    return shown


def target_table(flat: Figures) -> Table:
    """The ratios beside what they should be."""
    shown = Table(title="targets", title_justify="left")
    for column in ("figure", "reached", "at most"):
        shown.add_column(column)
    for name, target in _TARGETS.items():
        if name in flat:
            value = float(flat[name])
            colour = "green" if value <= target else "red"
            shown.add_row(name, f"[{colour}]{value:.3g}[/]", f"{target:g}")
    return shown
