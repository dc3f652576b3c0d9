"""The benchmark of landing is honest before it is fast: the same orders every time, all of them with everybody."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import psycopg
import pytest

from benchmarks.landing import orders, ours, rivals
from benchmarks.landing.__main__ import main
from benchmarks.landing.contest import holds
from benchmarks.landing.orders import Pages

ROWS = 2_050


@pytest.fixture
def pages(tmp_path: Path) -> Pages:
    """Pages of a hundred, the last one half full."""
    return orders.write(tmp_path / "pages.json", ROWS, 100)


def test_the_same_arguments_give_the_same_orders(pages: Pages, tmp_path: Path) -> None:
    again = orders.write(tmp_path / "again.json", ROWS, 100)
    content = pages.path.read_bytes()
    assert again.path.read_bytes() == content
    assert hashlib.sha256(content).hexdigest()[:16] == "282461653a6dabb1", "on any machine"
    found = orders.parsed(pages, ROWS)
    assert len({order["tid"] for order in found}) == ROWS
    assert len({order["receiver_mobile"] for order in found}) <= ROWS // orders.PER_CUSTOMER
    strangers = orders.parsed(orders.write(tmp_path / "strangers.json", ROWS, 100, 1), ROWS)
    assert len({order["receiver_mobile"] for order in strangers}) == ROWS


def test_ours_goes_over_http_and_through_the_vault(pages: Pages, dsn: str) -> None:
    """What raw holds is what was served, but for the personal fields; the night after finds nothing new."""
    with orders.served(pages) as shop:
        assert ours.land(shop.url, dsn, pages.size).keys() == {"land", "admit"}
        ours.land_again(shop.url, dsn, pages.size)
        assert shop.cpu_seconds() > 0
    with psycopg.connect(dsn) as connection:
        landed = dict(connection.execute(f"select record_key, payload from raw.{ours.TABLE}").fetchall())
        new = connection.execute("select rows_landed, rows_new from ops.entity_load order by load_id").fetchall()
    assert new == [(ROWS, ROWS), (ROWS, 0)]
    for order in orders.parsed(pages, ROWS):
        raw = landed.pop(str(order["tid"]))
        assert raw.pop("receiver_mobile").startswith("ph_")
        assert raw.pop("receiver_name").startswith("nm_")
        assert raw == {name: value for name, value in order.items() if name not in {"receiver_mobile", "receiver_name"}}
    assert not landed


@pytest.mark.parametrize("has_key", [False, True])
def test_bare_copy_brings_the_very_rows_of_raw(pages: Pages, dsn: str, tmp_path: Path, has_key: bool) -> None:
    with orders.served(pages) as shop:
        ours.land(shop.url, dsn, pages.size)
    rivals.export(dsn, f"raw.{ours.TABLE}", tmp_path / "rows.copy")
    rivals.bare_copy(dsn, tmp_path / "rows.copy", has_key)
    table = "copied_with_key" if has_key else "copied"
    with psycopg.connect(dsn) as connection:
        keys = connection.execute("select count(*) from pg_index where indrelid = %s::regclass", [f"bench.{table}"])
        assert keys.fetchone() == (int(has_key),)
        for here, there in ((f"raw.{ours.TABLE}", f"bench.{table}"), (f"bench.{table}", f"raw.{ours.TABLE}")):
            missing = connection.execute(
                f"select count(*) from (select t::text from {here} as t except select t::text from {there} as t) as x"
            )
            assert missing.fetchone() == (0,)


def test_a_contender_that_loses_a_row_ends_the_contest(dsn: str) -> None:
    with psycopg.connect(dsn) as connection:
        connection.execute("create schema bench")
        connection.execute("create table bench.lost as select 1 from generate_series(1, 9)")
    with pytest.raises(RuntimeError, match=r"bench\.lost holds \(9,\) rows instead of 10"):
        holds(dsn, "bench.lost", 10)


def test_the_benchmark_runs_from_end_to_end(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Ours, COPY and every rival; the contest itself counts the rows of each."""
    main(rows=ROWS, size=500, slow_rows=300, repeats=1, folder=tmp_path)
    flat = json.loads((tmp_path / "landing.json").read_text())
    for figure in (
        "ours_over_copy",
        "ours_over_dlt",
        "peak_mb",
        "gate_import_seconds",
        "pandas_to_sql_rows_per_second",
    ):
        assert flat[figure] > 0
    assert flat["ours_rows"] == ROWS
    assert all(isinstance(value, (int, float, str)) for value in flat.values()), "flat"
    assert "targets" in capsys.readouterr().out
    assert not (tmp_path / "postgres").exists()
