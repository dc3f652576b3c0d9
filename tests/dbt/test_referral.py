"""Trees of invitations stay trees whatever identity makes of the accounts, and rewards follow."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta

import pytest

from quanyu import warehouse
from quanyu.contracts import SHANGHAI
from quanyu.local.postgres import EmbeddedPostgres
from tests.dbt.facts_kit import Facts, facts_of_their_own

NIGHT = date(2026, 11, 20)
BEGAN = datetime(2026, 11, 1, 10, tzinfo=SHANGHAI)
MODELS = (
    "int_invitations", "fct_referrals", "int_referral_chains_tonight", "int_changed__referred", "int_referral_chains",
    "fct_referral_rewards",
)  # fmt: skip

_TABLES = """
    create schema if not exists staging; create schema if not exists identity;
    create table staging.stg_loyalty__invitations (
        brand text, invitation_id text, kind text, inviter_card text, invitee_card text, accepted_at timestamptz);
    create table identity.bridge_account_customer (account_key text, one_id text);
    create table marts_work.int_changed__customers (one_id text);
"""

Invitation = tuple[str, str]
"""Inviter and invited, by card."""


@pytest.fixture(scope="module")
def facts(postgres: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Facts]:
    with facts_of_their_own(postgres, tmp_path_factory.mktemp("referral")) as world:
        with warehouse.connect(world.dsn) as connection:
            connection.execute(_TABLES)
        yield world


def invite(facts: Facts, invitations: list[Invitation]) -> None:
    """One after the other, an hour apart."""
    facts.write(
        "staging.stg_loyalty__invitations",
        (
            {"brand": "b", "invitation_id": f"{turn:03d}", "kind": "share", "inviter_card": inviter}
            | {"invitee_card": invited, "accepted_at": BEGAN + timedelta(hours=turn)}
            for turn, (inviter, invited) in enumerate(invitations)
        ),
    )


def identify(facts: Facts, owners: Mapping[str, str]) -> None:
    """Say which person each card is of."""
    keys = {card: hashlib.sha256(f"store_member|b|{card}".encode()).hexdigest()[:32] for card in owners}
    facts.write(
        "identity.bridge_account_customer",
        ({"account_key": keys[card], "one_id": one_id} for card, one_id in owners.items()),
    )


def buy(facts: Facts, orders: Mapping[str, str]) -> None:
    """An order of a hundred yuan each, after all invitations."""
    at = BEGAN + timedelta(days=15)
    facts.write(
        "marts_build.fct_orders",
        (
            {"order_key": key, "one_id": one_id, "channel": "tmall", "ordered_at": at, "ordered_on": at.date()}
            | {"gross_fen": 10_000, "net_fen": 10_000, "is_paid": True}
            for key, one_id in orders.items()
        ),
    )


def test_nobody_is_their_own_ancestor_however_accounts_are_merged(facts: Facts) -> None:
    rng = random.Random(5)
    cards = [f"c{number}" for number in range(60)]
    invite(facts, [(rng.choice(cards), rng.choice(cards)) for _ in range(400)])
    identify(facts, {card: f"q{rng.randrange(30)}" for card in cards})
    buy(facts, {f"o{number}": f"q{number}" for number in range(30)})
    facts.run(NIGHT, *MODELS)
    told = facts.rows("select one_id, inviter_one_id, root_one_id, tree_depth, verdict from fct_referrals")
    assert {verdict for *_, verdict in told} == {"counted", "self_referral", "already_there"}
    inviters = {one_id: above for one_id, above, _, _, verdict in told if verdict == "counted"}
    assert len(inviters) == sum(verdict == "counted" for *_, verdict in told)
    for one_id, _, root, depth, verdict in told:
        if verdict == "counted":
            way = [one_id]
            while way[-1] in inviters:
                way.append(inviters[way[-1]])
                assert len(set(way)) == len(way)
            assert (way[-1], len(way) - 1) == (root, depth)
    rewarded = facts.rows(
        "select one_id, inviter_one_id, referral_level from fct_referral_rewards where outstanding_fen > 0"
    )
    expected = {(one_id, above, 1) for one_id, above in inviters.items()}
    expected |= {(one_id, inviters[above], 2) for one_id, above in inviters.items() if above in inviters}
    assert set(rewarded) == expected


def test_a_self_referral_that_a_merge_reveals_is_clawed_back_and_a_split_gives_it_back(facts: Facts) -> None:
    invite(facts, [("first", "second"), ("second", "friend")])
    apart = {"first": "qa", "second": "qb", "friend": "qc"}
    rewards = "select order_key, inviter_one_id, granted_fen, outstanding_fen from fct_referral_rewards order by 1, 2"
    for owners in (apart, apart | {"second": "qa"}, apart):
        identify(facts, owners)
        buy(facts, {"bought": owners["second"], "friends": "qc"})
        facts.run(NIGHT, *MODELS)
        if owners == apart:
            assert facts.rows(rewards) == [
                ("bought", "qa", 500, 500), ("friends", "qa", 200, 200), ("friends", "qb", 500, 500),
            ]  # fmt: skip
        else:
            assert facts.rows(rewards) == [("bought", "qa", 500, 0), ("friends", "qa", 500, 500)]
