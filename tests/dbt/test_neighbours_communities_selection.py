"""Catchments, states of communities and baskets are what they are by definition, day by day and pair by pair."""

from __future__ import annotations

import itertools
import math
import random
from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta

import pytest

from quanyu import warehouse
from quanyu.contracts import SHANGHAI
from quanyu.local.postgres import EmbeddedPostgres
from tests.dbt.facts_kit import Facts, facts_of_their_own

NIGHT = date(2026, 11, 20)
TRADING, INTERACTING, SILENT, RINGS = 30, 30, 90, (1, 3, 5)
"""The defaults of communities_*_days and of neighbourhood_rings_km."""

TABLES = """
    create schema if not exists identity;
    create table identity.bridge_account_customer (
        account_type text, scope text, account_id text, account_key text, one_id text);
    create table marts_work.int_location_decisions (
        account_type text, scope text, account_id text, is_granted boolean, decided_at timestamptz,
        longitude numeric, latitude numeric);
    create table marts_build.fct_consents (one_id text, purpose text, channel text, is_granted boolean);
    create table marts_build.dim_stores (
        store_code text, longitude numeric, latitude numeric, is_listed boolean, closed_on date);
    create table marts_work.int_community_members (
        record_id bigint, member_key text, group_key text, account_key text, joined_on date, left_on date);
    create table marts_build.fct_order_lines (
        line_key text, order_key text, one_id text, product_key text, ordered_on date, gross_fen bigint);
"""


@pytest.fixture(scope="module")
def facts(postgres: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Facts]:
    with facts_of_their_own(postgres, tmp_path_factory.mktemp("neighbours")) as world:
        with warehouse.connect(world.dsn) as connection:
            connection.execute(TABLES)
        yield world


def metres(here: tuple[float, float], there: tuple[float, float]) -> float:
    """By the spherical law of cosines, which is another formula for the same arc."""
    (east, north), (other_east, other_north) = (tuple(map(math.radians, place)) for place in (here, there))
    cosine = math.sin(north) * math.sin(other_north)
    cosine += math.cos(north) * math.cos(other_north) * math.cos(east - other_east)
    return 6371008.8 * math.acos(min(1.0, cosine))


def test_a_catchment_misses_nobody_from_hainan_to_the_amur(facts: Facts) -> None:
    rng = random.Random(1)
    stores = {f"S{number}": (rng.uniform(75, 134), rng.uniform(18, 53.5)) for number in range(60)}
    people = {}
    for number in range(1500):
        east, north = rng.choice(list(stores.values()))
        people[f"q{number}"] = (round(east + rng.gauss(0, 0.05), 2), round(north + rng.gauss(0, 0.03), 2))
    refusing = {person for person in people if rng.random() < 0.2}
    facts.write("marts_build.dim_stores", (
        {"store_code": code, "longitude": east, "latitude": north, "is_listed": True}
        for code, (east, north) in stores.items()
    ))  # fmt: skip
    account = {"account_type": "app_user", "scope": "app"}
    facts.write("identity.bridge_account_customer", (
        account | {"account_id": person, "account_key": f"k-{person}", "one_id": person} for person in people
    ))  # fmt: skip
    said = {"is_granted": True, "decided_at": datetime(2026, 11, 1, tzinfo=SHANGHAI)}
    facts.write("marts_work.int_location_decisions", (
        account | {"account_id": person, "longitude": east, "latitude": north} | said
        for person, (east, north) in people.items()
    ))  # fmt: skip
    facts.write("marts_build.fct_consents", (
        {"one_id": person, "purpose": "location", "channel": "app", "is_granted": person not in refusing}
        for person in people
    ))  # fmt: skip
    facts.run(NIGHT, "bridge_store_catchment")
    found = facts.rows("select store_code, one_id, distance_metres, within_km from bridge_store_catchment")
    expected = {
        (code, person): metres(place, there)
        for person, place in people.items() if person not in refusing
        for code, there in stores.items() if metres(place, there) <= RINGS[-1] * 1000
    }  # fmt: skip
    assert {(code, person) for code, person, *_ in found} == expected.keys()
    assert len(expected) > 300
    for code, person, distance, ring in found:
        assert distance == pytest.approx(expected[code, person], abs=1)
        assert ring == min(ring for ring in RINGS if distance <= ring * 1000)


def state_on(day: date, joined: date, left: date | None, acts: dict[date, str]) -> str:
    """A member's state by its definition."""
    ages = {"order": 999, "page_view": 999}
    for on, what in acts.items():
        if joined <= on <= day:
            ages[what] = min(ages[what], (day - on).days)
    if left is not None and left <= day:
        return "departed"
    if ages["order"] < TRADING:
        return "trading"
    if ages["page_view"] < INTERACTING:
        return "interacting"
    return "reachable" if min((day - joined).days, *ages.values()) < SILENT else "silent"


def test_a_member_is_on_every_day_in_the_state_that_their_acts_give_them(facts: Facts) -> None:
    rng = random.Random(2)
    first = date(2026, 1, 1)
    facts.write("policy.touchpoint_kinds", [
        {"channel": "web", "touchpoint_type": "page_view", "stage": "interest"},
        {"channel": "web", "touchpoint_type": "order", "stage": "action"},
    ])  # fmt: skip
    lives = {}
    for number in range(40):
        joined = first + timedelta(days=rng.randrange(100))
        left = joined + timedelta(days=rng.randrange(200)) if rng.random() < 0.3 else None
        days = {first + timedelta(days=rng.randrange(300)) for _ in range(rng.randrange(8))}
        lives[f"q{number}"] = (joined, left, {day: rng.choice(("order", "page_view")) for day in days})
    facts.write("identity.bridge_account_customer", ({"account_key": f"k-{name}", "one_id": name} for name in lives))
    facts.write("marts_work.int_community_members", (
        {"record_id": 1, "member_key": name, "group_key": "g", "account_key": f"k-{name}", "joined_on": joined,
         "left_on": left} for name, (joined, left, _) in lives.items()
    ))  # fmt: skip
    facts.write("marts_build.fct_touchpoints", (
        {"touchpoint_key": f"{name}-{day}", "one_id": name, "channel": "web", "touchpoint_type": what,
         "occurred_at": datetime.combine(day, time(12), SHANGHAI), "occurred_on": day}
        for name, (_, _, acts) in lives.items() for day, what in acts.items()
    ))  # fmt: skip
    facts.run(NIGHT, "fct_community_spells")
    spells = facts.rows("select member_key, state, from_on, coalesce(until_on, '9999-01-01') from fct_community_spells")
    for name, (joined, left, acts) in lives.items():
        own = [spell[1:] for spell in spells if spell[0] == name]
        for day in (joined + timedelta(days=count) for count in range(500)):
            states = [state for state, start, end in own if start <= day < end]
            assert states == [state_on(day, joined, left, acts)], (name, day)


def test_pairs_are_those_of_the_baskets(facts: Facts) -> None:
    rng = random.Random(3)
    articles = [f"a{number}" for number in range(12)]
    baskets = [rng.choices(articles, weights=range(1, 13), k=rng.randint(1, 5)) for _ in range(300)]
    baskets.append([f"b{number}" for number in range(40)])
    facts.write("marts_build.fct_order_lines", (
        {"line_key": f"{number}-{place}", "order_key": f"o{number}", "product_key": article, "gross_fen": 100}
        for number, basket in enumerate(baskets) for place, article in enumerate(basket)
    ))  # fmt: skip
    facts.run(NIGHT, "int_baskets", "int_product_pairs", "fct_product_pairs")
    kept = [set(basket) for basket in baskets if len(set(basket)) <= 20]
    singles = Counter(article for basket in kept for article in basket)
    pairs = Counter(pair for basket in kept for pair in itertools.permutations(sorted(basket), 2))
    found = facts.rows("select product_key, other_key, orders_count, confidence, lift from fct_product_pairs")
    assert {(one, other): count for one, other, count, *_ in found} == pairs
    for one, other, count, confidence, lift in found:
        assert float(confidence) == pytest.approx(count / singles[one], abs=1e-6)
        assert float(lift) == pytest.approx(count * len(kept) / (singles[one] * singles[other]), abs=1e-6)
