"""Attribution says what the literature defines: removal effects, Shapley values; and its ledger adds up."""

from __future__ import annotations

import itertools
import math
import random
from collections import defaultdict
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
import pytest

from quanyu.contracts import SHANGHAI
from quanyu.local.postgres import EmbeddedPostgres
from tests.dbt.facts_kit import Facts, facts_of_their_own

NIGHT = date(2026, 10, 31)
ORDERED_AT = datetime(2026, 10, 20, 12, tzinfo=SHANGHAI)
LAPSING_IN_OCTOBER = datetime(2026, 9, 10, 12, tzinfo=SHANGHAI)
CHANNELS = ["wecom", "store", "douyin", "web", "email"]
CREDITED = (
    "int_changed__histories", "int_attribution__paths", "int_attribution__silent", "int_attribution__transitions",
    "int_attribution__removal", "fct_attribution",
)  # fmt: skip
BOOKED = (*CREDITED, "int_attribution__daily", "fct_attribution_ledger")

Journey = tuple[tuple[str, ...], int | None]
"""The channels that somebody met, and what they paid in the end; None is a journey that came to nothing."""


@pytest.fixture(scope="module")
def facts(postgres: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Facts]:
    with facts_of_their_own(postgres, tmp_path_factory.mktemp("attribution")) as world:
        kinds = ({"channel": channel, "touchpoint_type": "act", "stage": "interest"} for channel in CHANNELS)
        world.write("policy.touchpoint_kinds", kinds)
        yield world


def tell(facts: Facts, journeys: list[Journey]) -> None:
    """Each journey is a person of its own; all of them end in October."""
    touchpoints: list[dict[str, Any]] = []
    orders: list[dict[str, Any]] = []
    for number, (channels, paid) in enumerate(journeys):
        end = LAPSING_IN_OCTOBER if paid is None else ORDERED_AT
        for place, channel in enumerate(channels):
            moment = end - timedelta(hours=len(channels) - place)
            acted = {"touchpoint_key": f"{number}-{place}", "one_id": f"q{number}", "channel": channel}
            acted |= {"touchpoint_type": "act", "occurred_at": moment, "occurred_on": moment.date()}
            touchpoints.append(acted | {"quantity": 1, "record_id": 1})
        if paid is not None:
            order = {"order_key": f"o{number}", "one_id": f"q{number}", "channel": "tmall", "ordered_at": end}
            orders.append(order | {"ordered_on": end.date(), "gross_fen": paid, "net_fen": paid, "is_paid": True})
    facts.write("marts_build.fct_touchpoints", touchpoints)
    facts.write("marts_build.fct_orders", orders)


def random_journeys(seed: int, count: int) -> list[Journey]:
    rng = random.Random(seed)
    pulls = dict(zip(CHANNELS, (5, 4, 3, 2, 1), strict=True))
    journeys: list[Journey] = []
    for _ in range(count):
        channels = rng.choices(CHANNELS, weights=[pulls[name] for name in CHANNELS], k=rng.randint(1, 5))
        wins = rng.random() < 0.2 + 0.1 * len(set(channels)) + (0.2 if "douyin" in channels else 0)
        journeys.append((tuple(channels), 60 * rng.randint(1, 500) if wins else None))
    return journeys


def removal_effects(facts: Facts) -> dict[str, float]:
    found = facts.rows("select channel, removal_effect from int_attribution__removal where learned_in = '2026-10-01'")
    return {channel: float(effect) for channel, effect in found}


def absorbed(journeys: list[Journey], removed: str | None) -> float:
    """The probability of a conversion, by solving the chain as a system of equations."""
    steps: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for channels, paid in journeys:
        way = ["start", *channels, "null" if paid is None else "conversion"]
        for before, after in itertools.pairwise(way):
            steps[before][after] += before != after
    states = [state for state in steps if state != removed]
    matrix, wins = np.zeros((len(states), len(states))), np.zeros(len(states))
    for row, state in enumerate(states):
        total = sum(steps[state].values())
        wins[row] = steps[state]["conversion"] / total
        for column, other in enumerate(states):
            matrix[row, column] = steps[state][other] / total
    solved = np.linalg.solve(np.eye(len(states)) - matrix, wins)
    return float(solved[states.index("start")])


def test_the_effects_of_a_small_network_are_those_worked_out_by_hand(facts: Facts) -> None:
    """One in three converts; without wecom half of them; without store or douyin none."""
    tell(facts, [(("wecom", "store", "douyin"), 1000), (("wecom",), None), (("store", "douyin"), None)])
    facts.run(NIGHT, *CREDITED)
    assert removal_effects(facts) == {"wecom": 0.5, "store": 1.0, "douyin": 1.0}
    markov = facts.rows("select channel, credit_fen from fct_attribution where model = 'markov'")
    assert dict(markov) == {"wecom": 200, "store": 400, "douyin": 400}


@pytest.mark.parametrize("seed", [1, 2])
def test_removal_effects_solve_the_chain(facts: Facts, seed: int) -> None:
    journeys = random_journeys(seed, 300)
    tell(facts, journeys)
    facts.run(NIGHT, *CREDITED)
    found = removal_effects(facts)
    whole = absorbed(journeys, None)
    assert set(found) == set(CHANNELS)
    for channel in CHANNELS:
        assert found[channel] == pytest.approx(1 - absorbed(journeys, channel) / whole, abs=1e-9)


def test_removal_effects_are_those_of_channelattribution(facts: Facts) -> None:
    """It simulates what we solve, so it agrees to its own precision."""
    import pandas as pd
    from ChannelAttribution import markov_model

    journeys = random_journeys(3, 400)
    tell(facts, journeys)
    facts.run(NIGHT, *CREDITED)
    frame = pd.DataFrame(
        {
            "path": [" > ".join(channels) for channels, _ in journeys],
            "converted": [int(paid is not None) for _, paid in journeys],
            "lost": [int(paid is None) for _, paid in journeys],
        }
    )
    oracle = markov_model(
        frame, "path", "converted", var_null="lost", out_more=True, seed=1, max_step=1000, nsim_start=200_000,
        conv_par=0.02, verbose=False, flg_pro=False,
    )  # fmt: skip
    told = oracle["removal_effects"].set_index("channel_name")["removal_effect"].to_dict()
    assert removal_effects(facts) == pytest.approx(told, abs=0.01)


def test_shapley_credits_are_the_shapley_values_of_the_channels(facts: Facts) -> None:
    """What a coalition is worth is the revenue of the paths that need nobody else (Zhao, Mahboobi, Bagheri 2018)."""
    journeys = random_journeys(4, 200)
    tell(facts, journeys)
    facts.run(NIGHT, *CREDITED)
    paid = [(frozenset(channels), net) for channels, net in journeys if net is not None]

    def worth(coalition: frozenset[str]) -> int:
        return sum(net for channels, net in paid if channels <= coalition)

    expected = {}
    for channel in CHANNELS:
        others = [name for name in CHANNELS if name != channel]
        value = 0.0
        for size in range(len(CHANNELS)):
            weight = math.factorial(size) * math.factorial(len(others) - size) / math.factorial(len(CHANNELS))
            for some in map(frozenset, itertools.combinations(others, size)):
                value += weight * (worth(some | {channel}) - worth(some))
        expected[channel] = round(value, 6)
    found = facts.rows("select channel, sum(credit_fen) from fct_attribution where model = 'shapley' group by channel")
    assert {channel: float(credit) for channel, credit in found} == expected


def test_every_order_is_shared_to_the_fen_by_every_model(facts: Facts) -> None:
    journeys: list[Journey] = [(channels, paid and paid + 7) for channels, paid in random_journeys(5, 200)]
    tell(facts, [*journeys, ((), 999)])
    facts.run(NIGHT, *CREDITED)
    wrong = facts.rows(
        "select order_key, model from fct_orders inner join fct_attribution using (order_key)"
        " group by order_key, model, net_fen having sum(credit_fen) <> net_fen or min(credit_fen) < 0"
    )
    assert wrong == []
    assert facts.rows("select count(distinct model), count(distinct order_key) from fct_attribution") == [
        (7, 1 + sum(paid is not None for _, paid in journeys))
    ]


def test_the_ledger_books_a_refund_on_the_night_it_is_known_and_adds_up(facts: Facts) -> None:
    booked = "select booked_on, channel, is_restatement, amount_fen from fct_attribution_ledger where model = 'first'"
    night = ORDERED_AT.date()
    tell(facts, [(("wecom", "store"), 1000)])
    facts.run(night, *BOOKED)
    tell(facts, [(("wecom", "store"), 400), (("store",), 500)])
    tomorrow = night + timedelta(days=1)
    for _ in range(2):
        facts.run(tomorrow, *BOOKED)
        assert sorted(facts.rows(booked)) == [
            (night, "wecom", False, 1000),
            (tomorrow, "store", True, 500),
            (tomorrow, "wecom", True, -600),
        ]
