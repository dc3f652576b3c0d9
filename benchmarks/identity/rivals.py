"""What people would use instead; each reads the table of edges and leaves a table of labels like ours, keys too."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.identity.generator import Nodes
from benchmarks.identity.job import Job, NotFinished, Stages
from benchmarks.identity.transport import copy_in, read_pairs
from quanyu import warehouse

if TYPE_CHECKING:
    import psycopg


class _Watch:
    """Splits a run into named stages."""

    def __init__(self) -> None:
        self.stages: Stages = {}
        self._last = time.perf_counter()

    def lap(self, stage: str) -> None:
        now = time.perf_counter()
        self.stages[stage] = now - self._last
        self._last = now


def scipy(job: Job) -> Stages:
    """connected_components, ADBC out, COPY BINARY in."""
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    watch = _Watch()
    accounts, identifiers = read_pairs(job.url, f"select account, identifier from {job.edges}")
    watch.lap("read")
    # 64-bit hashes must become rows of a matrix; by side is the fastest way found with numpy and pandas.
    nodes_a, rows_a = np.unique(accounts, return_inverse=True)
    nodes_b, rows_b = np.unique(identifiers, return_inverse=True)
    nodes = np.concatenate([nodes_a, nodes_b])
    watch.lap("number")
    ones = np.ones(len(rows_a), np.int8)
    matrix = coo_matrix((ones, (rows_a, rows_b + len(nodes_a))), shape=(len(nodes), len(nodes)))
    count, numbers = connected_components(matrix, directed=False)
    first = np.empty(count, np.int64)
    first[numbers[::-1]] = nodes[::-1]
    watch.lap("solve")
    _write(job, nodes, first[numbers], watch)
    return watch.stages


def networkx(job: Job) -> Stages:
    """The library everybody knows."""
    import networkx as nx

    watch = _Watch()
    accounts, identifiers = read_pairs(job.url, f"select account, identifier from {job.edges}")
    watch.lap("read")
    graph: nx.Graph[int] = nx.Graph()
    graph.add_edges_from(zip(accounts.tolist(), identifiers.tolist(), strict=True))
    nodes: list[int] = []
    labels: list[int] = []
    for component in nx.connected_components(graph):
        smallest = min(component)
        nodes.extend(component)
        labels.extend([smallest] * len(component))
    watch.lap("solve")
    _write(job, np.array(nodes), np.array(labels), watch)
    return watch.stages


def naive_sql(job: Job) -> Stages:
    """Each node takes the smallest label among its neighbours until nothing changes: label propagation.

    Raises NotFinished after the cap.
    """
    watch = _Watch()
    with warehouse.connect(job.url, autocommit=True) as connection:
        connection.execute(
            f"""create temporary table ties as
            select account as node, identifier as neighbour from {job.edges}
            union all select identifier, account from {job.edges}"""
        )
        connection.execute("create temporary table spread as select distinct node, node as label from ties")
        connection.execute("analyze ties")
        changed, rounds = 1, 0
        while changed:
            if sum(watch.stages.values()) > job.seconds_cap:
                raise NotFinished(f"{rounds} rounds in {sum(watch.stages.values()):.0f} s")
            changed = _spread_once(connection)
            rounds += 1
            watch.lap(f"round_{rounds}")
        connection.execute(f"create table {job.labels} as select node, label from spread")
        watch.lap("write")
        _add_keys(connection, job.labels)
    watch.lap("keys")
    return {"solve": sum(watch.stages.values()) - watch.stages["keys"], "keys": watch.stages["keys"]}


def _spread_once(connection: psycopg.Connection) -> int:
    connection.execute("analyze spread")
    connection.execute(
        """create temporary table next as
        select spread.node, least(spread.label, min(neighbour.label)) as label
        from spread
        join ties on spread.node = ties.node
        join spread as neighbour on ties.neighbour = neighbour.node
        group by spread.node, spread.label"""
    )
    row = connection.execute(
        "select count(*) from next join spread on next.node = spread.node where next.label <> spread.label"
    ).fetchone()
    connection.execute("drop table spread")
    connection.execute("alter table next rename to spread")
    return int(row[0]) if row else 0


def splink_duckdb(job: Job) -> Stages:
    """Splink's clustering on its default backend, with what it takes to get edges there and labels back."""
    import duckdb
    import pyarrow as pa
    from splink import DuckDBAPI
    from splink.clustering import cluster_pairwise_predictions_at_threshold

    watch = _Watch()
    accounts, identifiers = read_pairs(job.url, f"select account, identifier from {job.edges}")
    edges = pa.table({"l": accounts, "r": identifiers, "match_probability": np.ones(len(accounts))})
    watch.lap("read")
    database = duckdb.connect()
    database.execute("set enable_progress_bar = false")
    database.register("edges", edges)
    nodes = database.sql("select l as unique_id from edges union select r from edges").to_arrow_table()
    clusters = cluster_pairwise_predictions_at_threshold(
        nodes, edges, DuckDBAPI(database), "unique_id", "l", "r", threshold_match_probability=0.5
    ).as_duckdbpyrelation()
    answer: dict[str, Any] = clusters.select("unique_id, cluster_id").fetchnumpy()
    watch.lap("solve")
    _write(job, answer["unique_id"], answer["cluster_id"], watch)
    return watch.stages


def splink_postgres(job: Job) -> Stages:
    """Splink's clustering inside Postgres: nothing is moved."""
    from splink.backends.postgres import PostgresAPI
    from splink.clustering import cluster_pairwise_predictions_at_threshold
    from sqlalchemy import create_engine

    class Api(PostgresAPI):
        def _register_extensions(self) -> None:
            """Clustering needs no fuzzystrmatch, and the embedded server has none."""

    watch = _Watch()
    engine = create_engine(job.url.replace("postgresql://", "postgresql+psycopg2://"))
    with warehouse.connect(job.url, autocommit=True) as connection:
        connection.execute("create schema if not exists splink")
        connection.execute("drop table if exists splink.bench_edges, splink.bench_nodes")
        connection.execute(
            f"""create table splink.bench_edges as
            select account as l, identifier as r, 1.0::float8 as match_probability from {job.edges}"""
        )
        connection.execute("create table splink.bench_nodes as select l as unique_id from splink.bench_edges "
                           "union select r from splink.bench_edges")  # fmt: skip
        clusters = cluster_pairwise_predictions_at_threshold(
            "bench_nodes", "bench_edges", Api(engine), "unique_id", "l", "r", threshold_match_probability=0.5
        )
        watch.lap("solve")
        connection.execute(
            f"""create table {job.labels} as
            select unique_id as node, cluster_id as label from splink.{clusters.physical_name}"""
        )
        watch.lap("write")
        _add_keys(connection, job.labels)
    watch.lap("keys")
    return watch.stages


def _write(job: Job, nodes: Nodes, labels: Nodes, watch: _Watch) -> None:
    with warehouse.connect(job.url) as connection:
        connection.execute(f"create table {job.labels} (node bigint not null, label bigint not null)")
        copy_in(connection, job.labels, nodes, labels)
        connection.commit()
        watch.lap("write")
        _add_keys(connection, job.labels)
    watch.lap("keys")


def _add_keys(connection: psycopg.Connection, labels: str) -> None:
    """What connect_graph gives its table."""
    connection.execute(f"alter table {labels} alter column label set not null, add primary key (node)")
    connection.execute(f"create index on {labels} (label)")
    connection.execute(f"analyze {labels}")
