"""Ratios, targets, and where the time goes."""

from __future__ import annotations

from dataclasses import dataclass, field
from statistics import median

from rich.table import Table

from benchmarks.identity.report import Figures, tag
from benchmarks.marts.history import Size
from benchmarks.marts.house import Timed

_TARGETS = {"night_over_full": 0.1, "night_10m_over_1m": 1.3, "full_over_duckdb": 5.0}


@dataclass
class Measured:
    """What was measured at one size; what was not is empty."""

    size: Size
    full: Timed
    nights: list[Timed] = field(default_factory=list)
    staging_full: float = 0.0
    staging_nights: list[float] = field(default_factory=list)
    tests: float = 0.0
    plain: dict[str, float] = field(default_factory=dict)
    duckdb: dict[str, float] = field(default_factory=dict)

    @property
    def night(self) -> float:
        """Seconds of the middle night."""
        return median(night.seconds for night in self.nights)


def figures(measured: list[Measured]) -> Figures:
    """Flat, as others read them; sizes are told by touchpoints."""
    flat: Figures = {}
    for one in measured:
        name = tag(one.size.touchpoints)
        flat |= {
            f"full_seconds_{name}": one.full.seconds,
            f"night_seconds_{name}": one.night,
            f"staging_full_seconds_{name}": one.staging_full,
            f"staging_night_seconds_{name}": median(one.staging_nights),
        }
    large = measured[-1]
    flat["night_over_full"] = large.night / large.full.seconds
    if len(measured) > 1:
        flat[f"night_{tag(large.size.touchpoints)}_over_{tag(measured[0].size.touchpoints)}"] = (
            large.night / measured[0].night
        )
    if large.plain:
        flat["tests_seconds"] = large.tests
        flat["night_with_tests_over_full_with_tests"] = (large.night + large.tests) / (large.full.seconds + large.tests)
        flat["plain_seconds"] = sum(large.plain.values())
        flat["full_over_plain"] = large.full.seconds / sum(large.plain.values())
        flat["night_over_plain"] = large.night / sum(large.plain.values())
        flat["duckdb_seconds"] = sum(large.duckdb.values())
        # Of the models that DuckDB takes as they are, and of all of ours for the others: the ratio is of plain tables.
        both = sum(large.plain[name] for name in large.duckdb)
        flat["plain_over_duckdb"] = both / sum(large.duckdb.values())
        flat["full_over_duckdb"] = flat["full_over_plain"] * flat["plain_over_duckdb"]
        flat["models"] = len(large.plain)
        flat["models_in_duckdb"] = len(large.duckdb)
    return flat


def slowest(large: Measured) -> Table:
    """The models that a rebuild spends most on, and what a night, a plain table and DuckDB take for them."""
    shown = Table(title=f"slowest models at {large.size.touchpoints:,} touchpoints, seconds", title_justify="left")
    for column in ("model", "full", "night", "plain", "DuckDB"):
        shown.add_column(column, justify="left" if column == "model" else "right", no_wrap=True)
    for name, seconds in sorted(large.full.models.items(), key=lambda pair: -pair[1])[:20]:
        night = median(night.models.get(name, 0.0) for night in large.nights)
        others = (f"{some[name]:.1f}" if name in some else "" for some in (large.plain, large.duckdb))
        shown.add_row(name, f"{seconds:.1f}", f"{night:.1f}", *others)
    return shown


def target_table(flat: Figures) -> Table:
    """The ratios beside what they should be."""
    shown = Table(title="targets", title_justify="left")
    for column in ("figure", "reached", "at most"):
        shown.add_column(column)
    for name, target in _TARGETS.items():
        if name in flat:
            value = float(flat[name])
            shown.add_row(name, f"[{'green' if value <= target else 'red'}]{value:.3g}[/]", f"{target:g}")
    return shown
