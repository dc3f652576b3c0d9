"""One size: a rebuild, nights on top of it, and the same SQL elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from benchmarks.marts.compiled import on_duckdb, plain, statements
from benchmarks.marts.history import LAST, Size
from benchmarks.marts.house import House
from benchmarks.marts.report import Measured

Say = Callable[[str], None]


def measure(house: House, size: Size, night: Size, nights: int, say: Say) -> Measured:
    """Build the marts of a history anew, then let nights pass over it."""
    say(f"{size.touchpoints:,} touchpoints: landing")
    staging = house.open(LAST, size)
    say(f"  staging of the two sources {staging:.0f} s; marts, built anew")
    measured = Measured(size, house.build(LAST, anew=True), staging_full=staging)
    say(f"  {measured.full.seconds:.0f} s")
    for number in range(1, nights + 1):
        day, after = LAST + timedelta(days=number), size.plus(night)
        measured.staging_nights.append(house.land(day, size, after))
        measured.nights.append(house.build(day))
        say(f"  night {number}: {measured.nights[-1].seconds:.1f} s, staging {measured.staging_nights[-1]:.0f} s")
        size = after
    return measured


def compare(house: House, measured: Measured, say: Say) -> None:
    """Build the same SQL as plain tables and in DuckDB, after the last night, and run the tests of the marts."""
    day = LAST + timedelta(days=len(measured.nights))
    say("  tests of the marts")
    measured.tests = house.test(day)
    models = statements(house, day)
    say(f"  {measured.tests:.0f} s; plain tables")
    measured.plain = plain(house, models)
    say(f"  {sum(measured.plain.values()):.0f} s; DuckDB on Parquet")
    measured.duckdb, refused = on_duckdb(house, models)
    say(f"  {sum(measured.duckdb.values()):.0f} s, {len(measured.duckdb)} of {len(models)} models")
    for name, why in refused.items():
        say(f"    not {name}: {why}")
