"""The benchmark of identity is honest before it is fast: same graph every time, every answer compared."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import networkx as nx
import numpy as np
import psycopg
import pytest
import typer
from psycopg import sql

from benchmarks.identity import rivals
from benchmarks.identity.__main__ import main
from benchmarks.identity.generator import Graph, generate
from benchmarks.identity.job import Job, NotFinished, Work
from benchmarks.identity.measure import fingerprint, fingerprint_of_edges
from benchmarks.identity.transport import copy_in, read_pairs
from quanyu.local.postgres import EmbeddedPostgres


@pytest.fixture(scope="module")
def graph() -> Graph:
    """Two thousand edges."""
    return generate(2000, seed=7, night=40)


@pytest.fixture(scope="module")
def url(postgres: EmbeddedPostgres, graph: Graph) -> Iterator[str]:
    """A database that holds the graph as `edges`."""
    name = sql.Identifier("bench_identity")
    with psycopg.connect(postgres.url("postgres"), autocommit=True) as connection:
        connection.execute(sql.SQL("create database {}").format(name))
    with psycopg.connect(postgres.url("bench_identity")) as connection:
        connection.execute("create table edges (account bigint not null, identifier bigint not null)")
        copy_in(connection, "edges", graph.history.account, graph.history.identifier)
    yield postgres.url("bench_identity")
    with psycopg.connect(postgres.url("postgres"), autocommit=True) as connection:
        connection.execute(sql.SQL("drop database {} with (force)").format(name))


def test_the_same_seed_gives_the_same_graph_and_another_seed_another(graph: Graph) -> None:
    again, other = generate(2000, seed=7, night=40), generate(2000, seed=8, night=40)
    for part in ("history", "night"):
        edges = getattr(graph, part)
        assert np.array_equal(edges.account, getattr(again, part).account)
        assert np.array_equal(edges.identifier, getattr(again, part).identifier)
    assert not np.array_equal(graph.history.account, other.history.account)
    assert fingerprint_of_edges(graph.history) == 15409280568821828486, "on any machine"


def test_the_graph_has_the_shape_of_a_retailers() -> None:
    edges = generate(200_000, seed=7, night=2000).history
    assert len(edges) == pytest.approx(200_000, rel=0.03)
    assert not set(edges.account.tolist()) & set(edges.identifier.tolist()), "one id space"
    _, degrees = np.unique(edges.identifier, return_counts=True)
    assert (degrees == 1).sum() / len(edges) == pytest.approx(0.75, abs=0.05), "most edges tie nothing together"
    assert degrees.max() > 200, "a supernode"
    sizes = [len(c) for c in nx.connected_components(nx.Graph(zip(edges.account, edges.identifier, strict=True)))]
    assert np.median(sizes) == 3
    assert np.mean(sizes) == pytest.approx(4, abs=0.5)


def test_a_fingerprint_tells_who_is_together_and_nothing_else() -> None:
    nodes = np.array([5, 3, -9, 4])
    pairs = fingerprint(nodes, np.array([1, 1, 2, 2]))
    assert fingerprint(nodes[::-1].copy(), np.array([70, 70, 8, 8])) == pairs
    assert fingerprint(nodes, np.array([1, 2, 1, 2])) != pairs
    assert fingerprint(nodes, np.array([1, 1, 1, 2])) != pairs


@pytest.mark.parametrize(
    "rival", [rivals.scipy, rivals.networkx, rivals.naive_sql, rivals.splink_duckdb, rivals.splink_postgres]
)
def test_a_rival_is_run_as_its_users_would_and_answers_right(
    url: str, graph: Graph, tmp_path: Path, rival: Work
) -> None:
    name = f"by_{rival.__name__}"
    stages = rival(Job(url, "edges", name, 60, tmp_path))
    assert "keys" in stages
    assert fingerprint(*read_pairs(url, f"select node, label from {name}")) == fingerprint_of_edges(graph.history)
    with psycopg.connect(url) as connection:
        keys = connection.execute("select count(*) from pg_index where indrelid = %s::regclass", [name]).fetchone()
    assert keys == (2,)


def test_the_cap_stops_what_would_take_for_ever(url: str, tmp_path: Path) -> None:
    with pytest.raises(NotFinished, match="0 rounds"):
        rivals.naive_sql(Job(url, "edges", "never", -1, tmp_path))


def test_an_unknown_rival_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(typer.BadParameter, match="igraph: not among splink_duckdb"):
        main(sizes="0.002", others="networkx,igraph", folder=tmp_path)


def test_the_benchmark_runs_from_end_to_end(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(sizes="0.002", repeats=1, cap=60, folder=tmp_path, others="networkx")
    flat = json.loads((tmp_path / "identity.json").read_text())
    for figure in ("full_over_scipy", "night_over_full", "microseconds_per_new_edge", "night_wal_over_full"):
        assert flat[figure] > 0
    assert flat["ours_full_2k_seconds"] > 0
    assert flat["scipy_2k_client_mb"] > 0
    assert "targets" in capsys.readouterr().out
    assert not (tmp_path / "postgres").exists()
