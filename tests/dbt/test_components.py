"""The component engine alone: many disjoint graphs are solved by a handful of dbt runs and judged by networkx."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import networkx as nx
import psycopg
import pytest
from psycopg import sql

from benchmarks.identity.engine import Call, Engine
from quanyu.local.postgres import EmbeddedPostgres

SEEDS = range(16)
NIGHTS = 6

Edge = tuple[int, int]
Partition = set[frozenset[int]]


def node(draw: random.Random) -> int:
    """Any 64-bit number, as a hash gives it; negative ones too."""
    return draw.getrandbits(64) - 2**63


def random_graph(draw: random.Random) -> list[Edge]:
    """Sparse enough for many components, with one identifier that a third of the accounts share."""
    accounts = [node(draw) for _ in range(draw.randint(2, 40))]
    identifiers = [node(draw) for _ in range(draw.randint(1, 60))]
    edges = [(draw.choice(accounts), draw.choice(identifiers)) for _ in range(draw.randint(1, 80))]
    shared = identifiers[0]
    edges += [(account, shared) for account in accounts if draw.random() < draw.choice([0, 0, 0.3])]
    return edges


def chain(nodes: list[int]) -> list[Edge]:
    """Accounts and identifiers in turn, each tied to the next."""
    return [(a, b) if at % 2 == 0 else (b, a) for at, (a, b) in enumerate(pairwise(nodes))]


def star(draw: random.Random, *, rays: int) -> list[Edge]:
    """One identifier that everybody shows, and an own id for each."""
    hub = node(draw)
    return [edge for account in [node(draw) for _ in range(rays)] for edge in [(account, hub), (account, node(draw))]]


def shapes() -> dict[str, list[Edge]]:
    """Every graph by its name; no two share a node."""
    draw = random.Random("shapes")
    falling = sorted((node(draw) for _ in range(3000)), reverse=True)
    return {
        "chain-rising": chain(sorted(node(draw) for _ in range(3000))),
        "chain-falling": chain(falling),
        "chain-shuffled": chain([node(draw) for _ in range(3000)]),
        "supernode": star(draw, rays=2000),
        "same-edge-twice": [(node(draw), node(draw))] * 2,
        **{f"seed-{seed}": random_graph(random.Random(f"graph-{seed}")) for seed in SEEDS},
    }


def reference(edges: Iterable[Edge]) -> Partition:
    """What networkx says."""
    return {frozenset(component) for component in nx.connected_components(nx.Graph(list(edges)))}


@dataclass(frozen=True)
class Night:
    """What goes and what comes; what goes was there."""

    removed: list[Edge]
    added: list[Edge]


@dataclass(frozen=True)
class Story:
    """The nights of one graph."""

    nights: list[Night]

    def present(self, night: int) -> set[Edge]:
        """The edges after that night."""
        edges: set[Edge] = set()
        for past in self.nights[: night + 1]:
            edges = (edges - set(past.removed)) | set(past.added)
        return edges


def split_into_nights(name: str, edges: list[Edge]) -> Story:
    """Each edge on a night of its own lot; nothing is removed."""
    draw = random.Random(f"nights-{name}")
    lots: list[list[Edge]] = [[] for _ in range(NIGHTS)]
    for edge in edges:
        lots[draw.randrange(NIGHTS)].append(edge)
    return Story([Night([], lot) for lot in lots])


def come_and_go(name: str, edges: list[Edge]) -> Story:
    """Edges come, go and come back."""
    draw = random.Random(f"come-{name}")
    known, nights, present = sorted(set(edges)), [], set[Edge]()
    for _ in range(NIGHTS):
        share = draw.choice([0.0, 0.02, 0.3])
        removed = [edge for edge in sorted(present) if draw.random() < share]
        added = [edge for edge in known if edge not in present and draw.random() < 0.35]
        nights.append(Night(removed, added))
        present = (present - set(removed)) | set(added)
    return Story(nights)


@dataclass(frozen=True)
class Workshop:
    """A database and the macros on it."""

    engine: Engine
    connection: psycopg.Connection

    def load(self, table: str, columns: str, rows: Iterable[tuple[int, ...]]) -> None:
        """Make a table of bigints."""
        self.connection.execute(f"create table {table} ({', '.join(f'{c} bigint' for c in columns.split())})")
        with self.connection.cursor().copy(f"copy {table} from stdin") as copy:
            for row in rows:
                copy.write_row(row)

    def rows(self, query: str) -> list[tuple[int, ...]]:
        """What a query answers."""
        return self.connection.execute(query).fetchall()

    @cached_property
    def at_once(self) -> dict[int, int]:
        """Node to component, from one full build of all shapes."""
        self.load("edges", "account identifier", (edge for edges in shapes().values() for edge in edges))
        self.engine.run([call("connect_graph", "edges", "once")])
        return dict(self.rows(resolved("once")))  # type: ignore[arg-type]  # rows of two

    @cached_property
    def smallest(self) -> dict[int, int]:
        """Node to label, from connect_components on the same edges as plain pairs."""
        self.load("as_pairs", "a b", (edge for edges in shapes().values() for edge in edges))
        self.engine.run(
            [
                "create temporary table pairs as select a, b from as_pairs",
                Call("connect_components", {"pairs": "pairs", "labels": "found"}),
                "create table smallest as select node, label from found",
            ]
        )
        return dict(self.rows("select node, label from smallest"))  # type: ignore[arg-type]  # rows of two

    @cached_property
    def nightly(self) -> Told:
        """All shapes, split into nights."""
        return self.tell("nightly", {name: split_into_nights(name, edges) for name, edges in shapes().items()})

    @cached_property
    def comings_and_goings(self) -> Told:
        """All shapes, with removals."""
        return self.tell("changing", {name: come_and_go(name, edges) for name, edges in shapes().items()})

    def tell(self, name: str, stories: dict[str, Story]) -> Told:
        """Live all stories side by side, in one dbt run."""
        for kind in ("removed", "added"):
            rows = (
                (night, *edge)
                for story in stories.values()
                for night in range(NIGHTS)
                for edge in getattr(story.nights[night], kind)
            )
            self.load(f"{name}_{kind}", "night account identifier", rows)
        self.load(f"{name}_present", "account identifier", [])
        steps: list[Call | str] = [call("connect_graph", f"{name}_present", name)]
        for night in range(NIGHTS):
            steps += live_a_night(name, night)
        self.engine.run(steps)
        return Told(self, name, stories)


def live_a_night(name: str, night: int) -> list[Call | str]:
    """Remove, dissolve, add what is left and what is new; keep what the test asks for."""
    removed, added, present = f"{name}_removed", f"{name}_added", f"{name}_present"
    return [
        f"""drop table if exists gone; create temporary table gone as
        select account as node from {removed} where night = {night}
        union select identifier from {removed} where night = {night}
        union select 1""",  # a node nobody knows
        Call("dissolve_components", {"nodes": "gone", "labels": f"{name}_labels", "aliases": f"{name}_aliases"}),
        f"""delete from {present} as edge using {removed} as gone
        where gone.night = {night} and edge.account = gone.account and edge.identifier = gone.identifier""",
        f"""drop table if exists tonight; create temporary table tonight as
        select account, identifier from {present} where account in (select node from dissolved)
        union all select account, identifier from {added} where night = {night}""",
        f"insert into {present} select account, identifier from {added} where night = {night}",
        f"create table {name}_before_{night} as select node, label, ctid as place from {name}_labels",
        f"create table {name}_was_{night} as {resolved(name)}",
        call("extend_graph", "tonight", name),
        f"create table {name}_is_{night} as {resolved(name)}",
        f"create table {name}_after_{night} as select node, label, ctid as place from {name}_labels",
        f"create table {name}_edges_{night} as select * from tonight",
        f"create table {name}_joined_{night} as select component from joined_components",
        f"create table {name}_merged_{night} as select * from merged_away",
    ]


def call(macro: str, edges: str, name: str) -> Call:
    """A macro on the tables of that name."""
    return Call(macro, {"edges": edges, "labels": f"{name}_labels", "aliases": f"{name}_aliases"})


def resolved(name: str) -> str:
    """Node to component through the aliases."""
    return f"""select known.node, coalesce(alias.component, known.label) as component
    from {name}_labels as known left join {name}_aliases as alias on known.label = alias.label"""


@dataclass(frozen=True)
class Told:
    """Stories that were lived."""

    workshop: Workshop
    name: str
    stories: dict[str, Story]

    def rows(self, what: str, night: int) -> list[tuple[int, ...]]:
        """What was kept of a night."""
        return self.workshop.rows(f"select * from {self.name}_{what}_{night}")

    @cached_property
    def before(self) -> list[dict[int, int]]:
        """Node to component, before the edges of each night came and after what it removes had gone."""
        return [dict(self.rows("was", night)) for night in range(NIGHTS)]  # type: ignore[arg-type]  # rows of two

    @cached_property
    def after(self) -> list[dict[int, int]]:
        """Node to component, after each night."""
        return [dict(self.rows("is", night)) for night in range(NIGHTS)]  # type: ignore[arg-type]  # rows of two


def partition(components: dict[int, int], nodes: Iterable[int]) -> Partition:
    """Who is together, among those nodes that are known at all."""
    together = defaultdict(set)
    for member in nodes:
        if member in components:
            together[components[member]].add(member)
    return {frozenset(members) for members in together.values()}


def nodes_of(edges: Iterable[Edge]) -> set[int]:
    """Both ends of all of them."""
    return {end for edge in edges for end in edge}


@pytest.fixture(scope="module")
def workshop(postgres: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workshop]:
    """A database of its own for this module."""
    name = sql.Identifier("components")
    with psycopg.connect(postgres.url("postgres"), autocommit=True) as connection:
        connection.execute(sql.SQL("create database {}").format(name))
    url = postgres.url("components")
    with psycopg.connect(url, autocommit=True) as connection:
        yield Workshop(Engine(tmp_path_factory.mktemp("engine"), url).prepare(), connection)
    with psycopg.connect(postgres.url("postgres"), autocommit=True) as connection:
        connection.execute(sql.SQL("drop database {} with (force)").format(name))


@pytest.mark.parametrize("shape", shapes())
def test_a_full_build_equals_networkx(workshop: Workshop, shape: str) -> None:
    edges = shapes()[shape]
    assert partition(workshop.at_once, nodes_of(edges)) == reference(edges)


def test_a_full_build_names_each_component_by_its_smallest_account(workshop: Workshop) -> None:
    for edges in shapes().values():
        accounts = {account for account, _ in edges}
        for component in reference(edges):
            assert {workshop.at_once[member] for member in component} == {min(component & accounts)}


@pytest.mark.parametrize("shape", shapes())
def test_connect_components_labels_each_node_with_the_smallest_of_its_component(workshop: Workshop, shape: str) -> None:
    for component in reference(shapes()[shape]):
        assert {workshop.smallest[member] for member in component} == {min(component)}


@pytest.mark.parametrize("shape", shapes())
def test_any_split_into_nights_gives_the_same_people_as_all_at_once(workshop: Workshop, shape: str) -> None:
    story = workshop.nightly.stories[shape]
    for night in range(NIGHTS):
        edges = story.present(night)
        assert partition(workshop.nightly.after[night], nodes_of(shapes()[shape])) == reference(edges)


@pytest.mark.parametrize("shape", shapes())
def test_after_edges_went_and_came_back_the_people_are_those_of_the_edges_left(workshop: Workshop, shape: str) -> None:
    story = workshop.comings_and_goings.stories[shape]
    for night in range(NIGHTS):
        found = partition(workshop.comings_and_goings.after[night], nodes_of(shapes()[shape]))
        assert found == reference(story.present(night))


@pytest.mark.parametrize("story", ["nightly", "comings_and_goings"])
def test_no_component_is_named_like_another_one(workshop: Workshop, story: str) -> None:
    told: Told = getattr(workshop, story)
    for night in range(NIGHTS):
        components = told.after[night]
        assert all(components[name] == name for name in set(components.values())), "named by one of its own nodes"


@pytest.mark.parametrize("story", ["nightly", "comings_and_goings"])
def test_a_night_rewrites_no_label(workshop: Workshop, story: str) -> None:
    told: Told = getattr(workshop, story)
    for night in range(1, NIGHTS):
        before = set(told.rows("before", night))
        assert before
        assert before <= set(told.rows("after", night)), "same row at the same place"


@pytest.mark.parametrize("story", ["nightly", "comings_and_goings"])
def test_a_night_says_which_components_it_changed(workshop: Workshop, story: str) -> None:
    told: Told = getattr(workshop, story)
    merges = 0
    for night in range(NIGHTS):
        was, now = told.before[night], told.after[night]
        assert {row[0] for row in told.rows("joined", night)} == {now[row[0]] for row in told.rows("edges", night)}
        away = {old: now[old] for old in set(was.values()) if now[old] != old}
        assert set(told.rows("merged", night)) == set(away.items())
        assert set(away.values()) <= set(was.values()), "the one that stays was there before"
        merges += len(away)
    assert merges > 50


def test_dissolving_touches_only_the_components_of_the_nodes(workshop: Workshop) -> None:
    told = workshop.comings_and_goings
    for night in range(1, NIGHTS):
        gone = {end for story in told.stories.values() for end in nodes_of(story.nights[night].removed)}
        before = told.after[night - 1]
        touched = {before[member] for member in gone}
        kept = {(member, label) for member, label, _ in told.rows("after", night - 1) if before[member] not in touched}
        assert kept == {(member, label) for member, label, _ in told.rows("before", night)}


def test_a_night_reads_the_rows_it_needs_and_not_the_table(workshop: Workshop) -> None:
    assert len(workshop.at_once) > 10_000
    few = shapes()["seed-1"][:3]
    workshop.load("few", "account identifier", few)
    reads = "select seq_tup_read, idx_tup_fetch from pg_stat_xact_user_tables where relname = 'once_labels'"
    workshop.engine.run(
        [
            call("extend_graph", "few", "once"),
            f"create table reads as {reads}",
            "create temporary table gone as select account as node from few",
            Call("dissolve_components", {"nodes": "gone", "labels": "once_labels", "aliases": "once_aliases"}),
            call("extend_graph", "few", "once"),
            f"insert into reads {reads}",
        ]
    )
    (whole_by_extend, by_extend), (whole, by_all) = workshop.rows("select * from reads order by idx_tup_fetch")
    assert whole_by_extend == whole == 0
    assert 0 < by_extend < 100
    assert by_all < 500
