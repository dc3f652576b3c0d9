"""Experiments of which nothing comes say so 95 times in 100, and an effect that is there is found."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import date, timedelta

import pytest
from psycopg import sql

from quanyu import warehouse
from quanyu.activation.decide import held_out
from quanyu.local.postgres import EmbeddedPostgres
from tests.dbt.facts_kit import Facts, facts_of_their_own

FIRST, NIGHT = date(2026, 11, 1), date(2026, 11, 30)
PEOPLE, EXPERIMENTS = 400, 1000
MODELS = ("int_experiment_members", "fct_experiment_people", "int_experiment_arms", "fct_experiment_results")

_TABLES = """
    create table policy.experiments (
        experiment text, segment text, salt text, control_percent numeric, starts_on date, ends_on date,
        outcome_days integer);
    create table marts_build.bridge_one_id_alias (one_id_old text, one_id_current text);
    create table marts_build.fct_messages (one_id text, segment text, planned_on date, sent_at timestamptz);
    insert into activation.segment_membership (segment, one_id, entered_on)
    select 'seg', 'q' || number, '2026-11-01' from generate_series(1, %s) as number
"""


@pytest.fixture(scope="module")
def facts(postgres: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Facts]:
    with facts_of_their_own(postgres, tmp_path_factory.mktemp("experiments")) as world:
        with warehouse.connect(world.dsn) as connection:
            connection.execute(_TABLES % PEOPLE)
        yield world


def declare(facts: Facts, count: int, control_percent: int) -> None:
    """So many experiments on the same people, each of which draws its arms by a salt of its own."""
    facts.write(
        "policy.experiments",
        (
            {"experiment": f"e{number}", "segment": "seg", "salt": f"salt-{number}", "control_percent": control_percent}
            | {"starts_on": FIRST, "ends_on": FIRST + timedelta(days=7), "outcome_days": 14}
            for number in range(count)
        ),
    )


def order(facts: Facts, buyers: set[str], rng: random.Random) -> None:
    """Each buyer buys once, for some ten to a thousand yuan: many small orders and few large ones."""
    day = FIRST + timedelta(days=3)
    facts.write(
        "marts_build.fct_orders",
        (
            {"order_key": one_id, "one_id": one_id, "channel": "tmall", "ordered_on": day}
            | {"net_fen": round(100 * rng.lognormvariate(4, 0.7)), "is_paid": True}
            for one_id in sorted(buyers)
        ),
    )


def test_with_no_effect_the_intervals_cover_none_in_95_of_100_experiments(facts: Facts) -> None:
    """Whoever is drawn, the same people buy: what an experiment seems to show is chance alone."""
    rng = random.Random(11)
    declare(facts, EXPERIMENTS, 40)
    order(facts, {f"q{number}" for number in range(1, PEOPLE + 1) if rng.random() < 0.2}, rng)
    facts.run(NIGHT, *MODELS)
    [(people, controls, of_rates, of_money)] = facts.rows(
        "select min(treatment_people + control_people), avg(control_people),"
        " avg((rate_lift_low <= 0 and rate_lift_high >= 0)::int),"
        " avg((fen_per_person_lift_low <= 0 and fen_per_person_lift_high >= 0)::int) from fct_experiment_results"
    )
    assert people == PEOPLE
    assert float(controls) == pytest.approx(0.4 * PEOPLE, rel=0.01)
    assert float(of_rates) == pytest.approx(0.95, abs=0.02)
    assert float(of_money) == pytest.approx(0.95, abs=0.02)


def test_an_effect_is_found_among_the_arms_that_activation_would_draw(facts: Facts) -> None:
    declare(facts, 1, 40)
    draw = sql.SQL("select one_id, {} from activation.segment_membership").format(held_out("one_id"))
    with warehouse.connect(facts.dsn) as connection:
        arms = connection.execute(draw, {"salt": "salt-0", "holdout": 0.4}).fetchall()
    rng = random.Random(12)
    order(facts, {one_id for one_id, is_control in sorted(arms) if rng.random() < (0.1 if is_control else 0.4)}, rng)
    facts.run(NIGHT, *MODELS)
    assert dict(facts.rows("select one_id, arm = 'control' from fct_experiment_people")) == dict(arms)
    [(low, high)] = facts.rows("select rate_lift_low, rate_lift_high from fct_experiment_results")
    assert 0 < low < 0.3 < high
