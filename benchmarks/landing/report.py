"""Medians, ratios and targets."""

from __future__ import annotations

from statistics import median

from rich.table import Table

from benchmarks.landing.contest import (
    AGAIN,
    COPY,
    COPY_KEY,
    DLT,
    GATE,
    GATE_TENTH,
    HUNDREDS,
    OURS,
    STRANGERS,
    TENTH,
    Results,
    Run,
)

Figures = dict[str, float]

_TARGETS = {"ours_over_copy": (0.5, ">="), "ours_over_dlt": (6.0, ">="), "peak_mb": (300.0, "<=")}


def table(results: Results, *, rows: int, size: int) -> Table:
    """A line per contender, ours first."""
    shown = Table(title=f"{rows:,} orders, pages of {size:,}", title_justify="left")
    for column in ("contender", "rows", "runs", "rows/s", "of COPY", "CPU us", "MB", "seconds"):
        shown.add_column(column, justify="left" if column in {"contender", "seconds"} else "right", no_wrap=True)
    copied = _rate(results[COPY])
    for name, runs in results.items():
        middle = _middle(runs)
        stages = ", ".join(f"{stage} {seconds:.1f}" for stage, seconds in middle.stages.items())
        share = "" if name in {GATE, GATE_TENTH} else f"{middle.rate / copied:.3f}"
        counts = (f"{middle.rows:,}", str(len(runs)), f"{middle.rate:,.0f}", share)
        shown.add_row(name, *counts, f"{middle.microseconds:.1f}", f"{middle.peak_mb:.0f}", stages)
    return shown


def figures(results: Results) -> Figures:
    """Flat, as others read them: rates, ratios within this run, and the memory of our process."""
    mine, copied, gate = _middle(results[OURS]), _rate(results[COPY]), _middle(results[GATE])
    some = results[GATE_TENTH][0]
    per_row = (gate.stages["check"] - some.stages["check"]) / max(1, gate.rows - some.rows)
    return {
        "ours_over_copy": mine.rate / copied,
        "ours_over_copy_with_key": mine.rate / _rate(results[COPY_KEY]),
        "copy_cpu_over_ours": _middle(results[COPY]).microseconds / mine.microseconds,
        "ours_with_gate_over_copy": mine.rows / (mine.seconds + gate.seconds) / copied,
        "ours_over_dlt": mine.rate / _rate(results[DLT]),
        "ours_over_dlt_arrow": mine.rate / _rate(results["dlt, from Arrow"]),
        "ours_over_airflow": mine.rate / _rate(results["Airflow insert_rows"]),
        "ours_over_pandas": mine.rate / _rate(results["pandas to_sql"]),
        "peak_mb": max(run.peak_mb for run in results[OURS]),
        "peak_mb_at_a_tenth": max(run.peak_mb for run in results[TENTH]),
        "again_over_copy": _rate(results[AGAIN]) / copied,
        "tenth_over_copy": _rate(results[TENTH]) / copied,
        "tenth_all_strangers_over_copy": _rate(results[STRANGERS]) / copied,
        "tenth_pages_of_100_over_copy": _rate(results[HUNDREDS]) / copied,
        "gate_import_seconds": gate.stages["import"],
        "gate_fixed_seconds": max(0.0, some.stages["check"] - per_row * some.rows),
        "gate_microseconds_per_row": per_row * 1e6,
        **_of_each(results),
    }


def _of_each(results: Results) -> Figures:
    found: Figures = {}
    for name, runs in results.items():
        middle = _middle(runs)
        tag = "_".join(name.replace(",", "").split()).lower()
        found[f"{tag}_rows"], found[f"{tag}_runs"] = middle.rows, len(runs)
        found[f"{tag}_rows_per_second"] = middle.rate
        found[f"{tag}_rows_per_second_min"] = min(run.rate for run in runs)
        found[f"{tag}_rows_per_second_max"] = max(run.rate for run in runs)
        found[f"{tag}_peak_mb"] = middle.peak_mb
        found |= {f"{tag}_cpu_{who}_seconds": seconds for who, seconds in middle.cpu.items()}
        found |= {f"{tag}_{stage}_seconds": seconds for stage, seconds in middle.stages.items()}
    return found


def target_table(flat: Figures) -> Table:
    """The figures that have a target, beside it."""
    shown = Table(title="targets", title_justify="left")
    for column in ("figure", "reached", "target"):
        shown.add_column(column)
    for name, (target, sense) in _TARGETS.items():
        value = flat[name]
        colour = "green" if (value >= target if sense == ">=" else value <= target) else "red"
        shown.add_row(name, f"[{colour}]{value:.3g}[/]", f"{sense} {target:g}")
    return shown


def _middle(runs: list[Run]) -> Run:
    return sorted(runs, key=lambda run: run.rate)[len(runs) // 2]


def _rate(runs: list[Run]) -> float:
    return median(run.rate for run in runs)
