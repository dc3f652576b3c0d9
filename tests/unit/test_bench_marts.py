"""The benchmark of the marts says what it measured, and compares like with like."""

from __future__ import annotations

import pytest

from benchmarks.marts.compiled import Statement
from benchmarks.marts.history import NOTHING, Size
from benchmarks.marts.house import Timed
from benchmarks.marts.report import Measured, figures

MILLION = 1_000_000
HISTORY = Size(MILLION, 2 * MILLION, 10 * MILLION)


def measured(touchpoints: int, full: float, *nights: float) -> Measured:
    size = Size(MILLION, 2 * MILLION, touchpoints)
    return Measured(size, Timed(full, {}), [Timed(night, {}) for night in nights], 9.0, [3.0 for _ in nights])


def test_a_night_is_one_per_cent_of_everything_and_whole_sessions() -> None:
    assert HISTORY.percent() == Size(10_000, 20_000, 100_000)
    assert Size(100, 200, 1000).percent().touchpoints % 4 == 0
    assert NOTHING.plus(HISTORY) == HISTORY


def test_nights_are_told_by_their_median_and_beside_the_rebuild_of_the_largest_size() -> None:
    flat = figures([measured(MILLION, 100.0, 8.0, 9.0, 30.0), measured(10 * MILLION, 400.0, 10.0, 12.0, 11.0)])
    assert flat["night_over_full"] == pytest.approx(11 / 400)
    assert flat["night_10m_over_1m"] == pytest.approx(11 / 9)
    assert flat["staging_night_seconds_10m"] == 3.0


def test_duckdb_is_compared_over_the_models_that_it_takes() -> None:
    large = measured(10 * MILLION, 300.0, 10.0)
    large.plain, large.duckdb, large.tests = {"a": 60.0, "b": 90.0}, {"a": 20.0}, 50.0
    flat = figures([large])
    assert flat["full_over_plain"] == pytest.approx(2.0)
    assert flat["plain_over_duckdb"] == pytest.approx(3.0)
    assert flat["full_over_duckdb"] == pytest.approx(6.0)
    assert flat["models_in_duckdb"] == 1
    assert flat["night_with_tests_over_full_with_tests"] == pytest.approx(60 / 350)


def test_a_model_is_a_table_unless_it_is_a_view() -> None:
    assert Statement("marts_build", "a", "select 1", is_view=False).create.startswith("create table")
    assert Statement("marts_work", "b", "select 1", is_view=True).create.startswith("create view")
