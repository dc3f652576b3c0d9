"""Whoever has the overlap with a partner and knows how it is made learns of no cell that is too small."""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import date

import pytest

from quanyu import warehouse
from quanyu.local.postgres import EmbeddedPostgres
from tests.dbt.facts_kit import Facts, facts_of_their_own

NIGHT = date(2026, 11, 20)
STATES = ["prospect", "new", "active", "at_risk", "lapsed", "won_back"]
CONTRACTS, K = 200, 10

_TABLES = """
    create schema if not exists staging;
    create table staging.stg_alliance__members (contract text, segment text);
    create table marts_work.int_alliance_contracts (contract text, partner text, ends_on date, k integer);
    create table marts_work.int_alliance_people (contract text, one_id text, partner_segment text);
    create table marts_build.dim_customer_lifecycle (one_id text, state text);
"""


@pytest.fixture(scope="module")
def facts(postgres: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Facts]:
    with facts_of_their_own(postgres, tmp_path_factory.mktemp("alliance")) as world:
        with warehouse.connect(world.dsn) as connection:
            connection.execute(_TABLES)
        yield world


def test_no_cell_under_k_can_be_worked_out(facts: Facts) -> None:
    rng = random.Random(3)
    cells: dict[str, Counter[tuple[str, str]]] = defaultdict(Counter)
    for number in range(CONTRACTS):
        least = rng.choice((0, 0, 8, 12))
        for segment in ("gold", "regular")[: rng.randint(1, 2)]:
            for state in STATES:
                cells[f"c{number}"][segment, state] = rng.choice((least, least + rng.randint(0, 30)))
    facts.write(
        "marts_build.dim_customer_lifecycle", ({"one_id": f"{s}{n}", "state": s} for s in STATES for n in range(50))
    )
    names = [{"contract": name, "partner": "milk", "ends_on": date(2027, 1, 1), "k": K} for name in cells]
    facts.write("marts_work.int_alliance_contracts", names)
    lists = [{"contract": name, "segment": segment} for name in cells for segment in {s for s, _ in cells[name]}]
    facts.write("staging.stg_alliance__members", lists)
    facts.write(
        "marts_work.int_alliance_people",
        (
            {"contract": name, "one_id": f"{state}{person}", "partner_segment": segment}
            for name, found in cells.items()
            for (segment, state), people in found.items()
            for person in range(people)
        ),
    )
    facts.run(NIGHT, "fct_alliance_overlap")
    told: dict[str, dict[tuple[str, str], int | None]] = defaultdict(dict)
    for name, segment, state, people in facts.rows(
        "select contract, partner_segment, state, people from fct_alliance_overlap"
    ):
        told[name][segment, state] = people
    kinds = Counter()
    for name, found in cells.items():
        total = told[name].pop(("all", "all"))
        assert set(told[name]) == set(found)
        shown = {cell: people for cell, people in told[name].items() if people is not None}
        assert all(people == found[cell] >= K for cell, people in shown.items())
        withheld = len(found) - len(shown)
        assert total == (found.total() if found.total() >= K else None)
        if min(found.values()) >= K:
            assert withheld == 0
        elif total is not None:
            assert withheld >= 2
            assert total - sum(shown.values()) >= K
        kinds[bool(withheld), bool(shown)] += 1
    assert len(kinds) == 3
