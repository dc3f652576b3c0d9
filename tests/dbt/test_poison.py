"""Poison among 20,000 people: identifiers that start to tie strangers, and what is left of everybody else."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from quanyu.local.postgres import EmbeddedPostgres
from tests.dbt.evidence_kit import NIGHT, Account, Evidence, Warehouse, days_ago, phone, warehouse_of_its_own

PEOPLE = 20_000
SILENT = 400
"""So many of them were not heard of for longer than it takes a carrier to issue a number again."""

CLERK, TABLET, DEFAULT_CARD = phone("13900000001"), "tablet", "default-card"
POISON = {CLERK, TABLET, DEFAULT_CARD}
HEAVY_USERS = {phone("13900000011"), phone("13900000012"), phone("13900000013"), "fan"}
TABLET_GUESTS = range(100, 106)
CARD_GUESTS = range(200, 204)


def number_of(n: int) -> str:
    """The phone of the n-th person, as it lands."""
    return f"ph_{n:032x}"


def everybody() -> Evidence:
    """Two to five accounts each, over years, as the systems would have seen them."""
    evidence, rng = Evidence(), random.Random(20261119)
    for n in range(PEOPLE):
        is_silent = n < SILENT
        met = days_ago(SILENT if is_silent else rng.uniform(2, 1000))
        evidence.member(f"card-{n}", met, phone=number_of(n))
        if n % 2 or is_silent:
            evidence.contact(f"contact-{n}", met, unionid=f"wechat-{n}", phones=[number_of(n)])
        if n % 3:
            evidence.follower(f"fan-{n}", days_ago(rng.uniform(2, 900)), unionid=f"wechat-{n}")
        if n % 4 == 0 and not is_silent:
            evidence.visit(f"visit-{n}", days_ago(rng.uniform(2, 30)), phone_hash=number_of(n), unionid=f"wechat-{n}")
        if n % 2 == 0 and not is_silent:
            evidence.receipt(f"walk-in-{n}", days_ago(rng.uniform(2, 30)), phone=number_of(n))
    return evidence


def heavy_users(evidence: Evidence) -> None:
    """Real people whose identifiers are seen a lot."""
    steady, new, family = (phone(f"1390000001{n}") for n in (1, 2, 3))
    # Twelve receipts without a card in five weeks, three of them on the day of the sale.
    evidence.contact("steady", days_ago(300), unionid="steady", phones=[steady])
    for n in range(9):
        evidence.receipt(f"steady-{n}", days_ago(4 * n + 3), phone=steady)
    for n in range(2):
        evidence.receipt(f"steady-sale-{n}", days_ago(3), phone=steady)
    # The first day of a customer: a card, a contact, two receipts and an exchange, three visits.
    evidence.member("new", days_ago(1), phone=new)
    evidence.contact("new", days_ago(1), unionid="new", phones=[new])
    for n in range(3):
        evidence.receipt(f"new-{n}", days_ago(1), phone=new)
        evidence.visit(f"new-{n}", days_ago(1), phone_hash=new, unionid="new")
    # Three of a family registered on one phone in an afternoon.
    for n in range(3):
        evidence.member(f"family-{n}", days_ago(1), phone=family)
    # One WeChat in the shop every other day, with a card or one of two phones.
    evidence.follower("fan", days_ago(400), unionid="fan")
    for n in range(30):
        shown = {"card": "fan"} if n % 3 == 0 else {"phone_hash": phone(f"1390000001{4 + n % 2}")}
        evidence.visit(f"fan-{n}", days_ago(2 * n + 2), unionid="fan", **shown)


def harmless_poison(evidence: Evidence) -> None:
    """What the three were before: a clerk with a life of her own, a new tablet, a card in a drawer."""
    evidence.contact("clerk", days_ago(500), unionid="clerk", phones=[CLERK])
    evidence.receipt("clerk-own", days_ago(200), phone=CLERK)
    evidence.visit("tablet-tried", days_ago(100), unionid=TABLET)
    evidence.member(DEFAULT_CARD, days_ago(300))


def growing_poison(evidence: Evidence) -> None:
    """One day on which each grows, far below the limit of its accounts."""
    noon = days_ago(0.3)
    # A clerk types her phone for walk-ins, and on a card that she has to sell.
    for n in range(5):
        evidence.receipt(f"clerk-{n}", noon + timedelta(minutes=n), phone=CLERK)
    evidence.member("clerk-sold", noon, phone=CLERK)
    # The tablet of the shop stays logged in to one WeChat and checks in customers, one of them by the card.
    for n in TABLET_GUESTS:
        evidence.visit(f"tablet-{n}", noon + timedelta(minutes=n), phone_hash=number_of(n), unionid=TABLET)
    evidence.visit("tablet-card", noon, card="card-9999", unionid=TABLET)
    evidence.visit("tablet-card-later", noon + timedelta(hours=1), card="card-9999", unionid="wechat-9999")
    # The card at the till, for those who left theirs at home.
    for n in CARD_GUESTS:
        shown = {"phone_hash": number_of(n), "unionid": f"wechat-{n}"}
        evidence.visit(f"card-{n}", noon + timedelta(minutes=n), card=DEFAULT_CARD, **shown)


@dataclass(frozen=True)
class Night:
    """What one build left."""

    people: dict[Account, str]
    owners: dict[tuple[str, str], str]
    suspects: dict[str, tuple[Any, ...]]
    refusals: set[tuple[str, str, str]]
    households: list[tuple[Any, ...]]


def seen(house: Warehouse) -> Night:
    """Read tonight's identity."""
    owners = house.rows(
        "select identifier_type, identifier_value, one_id"
        " from identity.bridge_identifier_customer where valid_to is null"
    )
    suspects = house.rows(
        "select identifier_value, reason, accounts, suspected_on, detail from identity.int_identity__suspects"
    )
    refusals = house.rows(
        "select o.account_id, o.identifier_value, r.reason from identity.int_identity__refusals as r"
        " inner join identity.int_identity__observations as o using (account_key, identifier_key)"
    )
    return Night(
        people=house.people(),
        owners={(kind, value): one_id for kind, value, one_id in owners},
        suspects={value: tuple(rest) for value, *rest in suspects},
        refusals=set(refusals),
        households=house.rows("select one_id_a, one_id_b from identity.int_identity__household_links"),
    )


@dataclass(frozen=True)
class Nights:
    """The clean night, the night of growth, and who was a candidate in it."""

    first: Night
    second: Night
    candidates: set[str]

    def one_id(self, account_type: str, account_id: str) -> str | None:
        """The second night's person of an account; None when it is nobody's."""
        scope = "corp" if account_type == "wecom_contact" else "quanyu"
        return self.second.people.get((account_type, scope, account_id))


@pytest.fixture(scope="module")
def nights(postgres: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nights]:
    """Build a clean night of years of history and the night on which the poison grows."""
    with warehouse_of_its_own(postgres, tmp_path_factory.mktemp("home")) as house:
        history, day = everybody(), Evidence()
        heavy_users(history)
        harmless_poison(history)
        house.add(history.rows, NIGHT - timedelta(days=1))
        house.build(NIGHT - timedelta(days=1))
        first = seen(house)
        growing_poison(day)
        house.add(day.rows)
        house.build()
        candidates = house.rows(
            "select distinct identifier_value from identity.int_identity__newcomers"
            " inner join identity.int_identity__observations using (identifier_key)"
        )
        yield Nights(first, seen(house), {value for (value,) in candidates})


def test_three_poison_ids_among_20_000_people_are_suspected_on_the_night_they_grow(nights: Nights) -> None:
    """Nobody is on the night before, and nobody else is then."""
    assert len(set(nights.first.people.values())) > PEOPLE
    assert len(nights.first.people) > 55_000
    assert nights.first.suspects == {}
    assert {value: rest[:3] for value, rest in nights.second.suspects.items()} == {
        CLERK: ("busy_day", 8, NIGHT),
        TABLET: ("new_strangers", 8, NIGHT),
        DEFAULT_CARD: ("new_guests", 1, NIGHT),
    }


def test_people_who_are_seen_a_lot_are_weighed_and_not_suspected(nights: Nights) -> None:
    """A steady walk-in, the first day of a customer, a family on one phone and a regular on WeChat."""
    assert nights.candidates >= HEAVY_USERS
    assert not HEAVY_USERS & nights.second.suspects.keys()


def test_a_suspicion_says_what_was_counted_and_names_no_value(nights: Nights) -> None:
    """A steward decides on counts; the values stay out of logs."""
    details = {value: rest[-1] for value, rest in nights.second.suspects.items()}
    assert details[CLERK] == "5 new store_receipt showed it on one day, at most 4 may"
    assert not any(value in detail for value in POISON for detail in details.values())


def test_poison_joins_nobody(nights: Nights) -> None:
    """Receipts with the clerk's phone are nobody's, the sold card is a person, each guest stays who they were."""
    assert {nights.one_id("store_receipt", f"S1|clerk-{n}") for n in range(5)} == {None}
    people = Counter(nights.second.people.values())
    for card in ("clerk-sold", DEFAULT_CARD):
        assert people[nights.second.people["store_member", "quanyu", card]] == 1
    for n in TABLET_GUESTS:
        assert nights.one_id("store_visit", f"tablet-{n}") == nights.one_id("store_member", f"card-{n}") is not None
    assert len({nights.one_id("store_visit", f"tablet-{n}") for n in TABLET_GUESTS}) == len(TABLET_GUESTS)
    assert {(account, reason) for account, value, reason in nights.second.refusals if value in POISON} == {
        *((f"S1|clerk-{n}", "quarantined") for n in (*range(5), "own")),
        *((f"tablet-{n}", "quarantined") for n in (*TABLET_GUESTS, "tried")),
        *((account, "quarantined") for account in ("clerk", "clerk-sold", "card-9999")),
    }


def test_nobody_clean_moves(nights: Nights) -> None:
    """Every account of the first night but those the poison itself stood for has the same One-ID and company."""
    poisoned = {"S1|clerk-own", "tablet-tried"}
    before = {account: one_id for account, one_id in nights.first.people.items() if account[2] not in poisoned}
    after = {account: nights.second.people.get(account) for account in before}
    assert after == before
    assert len(before) == len(nights.first.people) - len(poisoned)


def test_no_clean_identifier_changes_its_owner(nights: Nights) -> None:
    """A phone that was silent for a year is not taken for issued again because it was seen with poison."""
    before = {known: one_id for known, one_id in nights.first.owners.items() if known[1] not in POISON}
    assert {known: nights.second.owners.get(known) for known in before} == before


def test_poison_leaves_no_trace_on_clean_evidence(nights: Nights) -> None:
    """Nothing else is refused than on the night before, no new household is seen, and a card keeps its own WeChat."""
    new = nights.second.refusals - nights.first.refusals
    assert {(account, reason) for account, value, reason in new if value not in POISON} == {
        (DEFAULT_CARD, "quarantined")
    }
    assert sorted(nights.second.households) == sorted(nights.first.households)
    assert ("card-9999", "wechat-9999") not in {refusal[:2] for refusal in nights.second.refusals}
