"""One-ID against a world that knows who is who: 2,000 people with all their noise, and small stories beside them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from quanyu import discovery, gates, landing, warehouse
from quanyu.contracts import Connection, Personal
from quanyu.local.postgres import EmbeddedPostgres
from tests.dbt.evidence_kit import (
    BRAND,
    NIGHT,
    VAULT,
    Account,
    Evidence,
    Warehouse,
    days_ago,
    phone,
    wall,
    warehouse_of_its_own,
)
from tests.sandbox import running_sandbox
from tests.sandbox.clear import in_clear
from tests.sandbox.server import platforms
from tests.sandbox.world.score import Score, score

PEOPLE, SEEDS = 2000, (2,)
CORP = "corp"
# What the world says of people it says over all systems together; a system's second telling adds nothing.
SOURCES = [name for name in discovery.sources() if not platforms()[name].alternative_to]


def name(written: str) -> str:
    """The token under which a name lands."""
    return VAULT.tokenise(Personal.NAME, written).token


@dataclass
class Named(Evidence):
    """Evidence with names and birthdays."""

    def card(self, card: str, registered: float, number: str, written: str = "", birthday: str = "") -> Account:
        payload = {"member_card": card, "phone": phone(number), "registered_at": wall(days_ago(registered))}
        payload |= {"name": name(written) if written else "", "birthday": birthday}
        payload["updated_at"] = payload["registered_at"]
        self._add("store__members", BRAND, card, payload, moment=days_ago(registered), version=payload["updated_at"])
        return "store_member", BRAND, card

    def note(self, userid: str, added: float, number: str, *words: str) -> Account:
        follow = {"userid": "guide", "createtime": int(days_ago(added).timestamp()), "remark_mobiles": [phone(number)]}
        follow |= {"remark_words": [name(word) for word in words]}
        payload = {"external_contact": {"external_userid": userid, "unionid": userid}, "follow_info": follow}
        self._add("wecom__contacts", CORP, f"{userid}|guide", payload, moment=days_ago(added))
        return "wecom_contact", CORP, userid


def the_stories(evidence: Named) -> dict[str, tuple[Account, Account, bool]]:
    """By title: two accounts, and whether they are one person's."""
    card, note = evidence.card, evidence.note
    return {
        "two cards of one name and number": (
            card("twice-1", 50, "13700001001", "王婉清"), card("twice-2", 20, "13700001001", "王婉清"), True,
        ),
        "a wife's card with her husband's number, and him": (
            card("wife", 50, "13700001002", "李静怡"), note("husband", 20, "13700001002", "王婉清"), False,
        ),
        "namesakes with one number and two birthdays": (
            card("junior", 50, "13700001003", "王婉清", "--0101"),
            card("senior", 20, "13700001003", "王婉清", "--0202"), False,
        ),
        "a card and a note of the same name": (
            card("same", 50, "13700001004", "王婉清"), note("same", 20, "13700001004", "糖糖妈", "王婉清"), True,
        ),
        "a note with a nickname only": (
            card("nick", 50, "13700001005", "王婉清"), note("nick", 20, "13700001005", "糖糖妈"), True,
        ),
        "a note with two names": (
            card("two", 50, "13700001006", "王婉清"), note("two", 20, "13700001006", "李静怡", "王婉清"), True,
        ),
        "a card that knows a form of address": (
            card("madam", 50, "13700001007", "王女士"), note("madam", 20, "13700001007", "王婉清"), True,
        ),
        "namesakes with a number that people type to be left alone": (
            card("left-1", 50, "13800138000", "王婉清"), card("left-2", 20, "13800138000", "王婉清"), False,
        ),
        "the same name on a number that was silent for years": (
            card("back", 900, "13700001008", "王婉清"), note("back", 20, "13700001008", "王婉清"), True,
        ),
        "another name on a number that was silent for years": (
            card("gone", 900, "13700001009", "王婉清"), note("new", 20, "13700001009", "李静怡"), False,
        ),
    }  # fmt: skip


STORIES = Named()
TOLD = the_stories(STORIES)


@dataclass(frozen=True)
class Known:
    """What One-ID made of the world and of the stories."""

    score: Score
    people: dict[Account, str]
    links: set[frozenset[str]]


@pytest.fixture(scope="module", params=SEEDS, ids="seed-{}".format)
def known(
    request: pytest.FixtureRequest, postgres: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Known]:
    """Land the world as a night does, the stories beside it, and build staging and identity."""
    seed = request.param
    with (
        warehouse_of_its_own(postgres, tmp_path_factory.mktemp("home")) as house,
        running_sandbox(people=PEOPLE, seed=seed, business_date=NIGHT) as sandbox,
    ):
        for source in SOURCES:
            _land(house, source, sandbox.connection(source))
        house.add(STORIES.rows)
        house.build()
        world, people = sandbox.world, house.people()
        with warehouse.connect(house.dsn) as connection:
            clear = in_clear(people, connection, VAULT)
        in_world = {clear[account]: one_id for account, one_id in people.items() if clear[account] in world.truth}
        links = house.rows("select one_id_a, one_id_b from identity.int_identity__household_links")
        yield Known(
            score(in_world, world.truth, world.provable, world.marks_on(NIGHT)),
            people,
            {frozenset(link) for link in links},
        )


def _land(house: Warehouse, name: str, where: Connection) -> None:
    source = discovery.sources()[name]
    for entity in source.entities:
        landing.land(source, entity, where, NIGHT, dsn=house.dsn, vault=VAULT, history_days=30)
    gates.check(house.dsn, "raw", NIGHT, landing.pens(house.dsn, NIGHT, name))
    landing.admit(house.dsn, NIGHT, name)


def test_people_whom_the_records_tell_apart_are_apart(known: Known) -> None:
    assert known.score.proved_precision >= 0.999, known.score.wrong


def test_accounts_that_the_records_tie_together_are_one(known: Known) -> None:
    assert known.score.proved_recall >= 0.97


def test_few_are_joined_whom_nothing_tells_apart(known: Known) -> None:
    # A regression gate, no goal: who shows nothing but the number on somebody else's card is taken for them.
    assert known.score.precision >= 0.996


@pytest.mark.parametrize("title", TOLD)
def test_names_and_birthdays_count_within_a_number(known: Known, title: str) -> None:
    one, other, is_one_person = TOLD[title]
    assert {one, other} <= known.people.keys()
    assert (known.people[one] == known.people[other]) is is_one_person


def test_two_names_on_a_number_are_a_household(known: Known) -> None:
    wife, husband, _ = TOLD["a wife's card with her husband's number, and him"]
    assert frozenset((known.people[wife], known.people[husband])) in known.links
