"""One-ID, built by dbt from raw rows. Many cases, each with ids of its own, share a handful of builds."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import networkx as nx
import pytest

from quanyu import gates
from quanyu.errors import GateFailed
from quanyu.local.postgres import EmbeddedPostgres
from quanyu.settings import PROJECT
from tests.dbt.evidence_kit import (
    NIGHT,
    Account,
    Evidence,
    Warehouse,
    days_ago,
    phone,
    phone_md5,
    random_evidence,
    warehouse_of_its_own,
)
from tests.dbt.identity_reference import Candidate, Sighting, owners_on, resolve

SEEDS = range(12)


def the_cases() -> Evidence:
    """Every story that a test below tells."""
    evidence = Evidence()
    # chain: two unionids, tied by two phones through a card between them
    evidence.contact("chain-1", days_ago(50), unionid="chain-u1", phones=[phone("13700000001")])
    evidence.member("chain-card", days_ago(40), phone=phone("13700000001"))
    evidence.visit("chain-visit", days_ago(30), card="chain-card", phone_hash=phone_md5("13700000002"))
    evidence.contact("chain-2", days_ago(20), unionid="chain-u2", phones=[phone("13700000002")])
    # family: one phone, two people with a WeChat each
    for who in ("mother", "father"):
        evidence.contact(f"family-{who}", days_ago(9), unionid=f"family-{who}", phones=[phone("13700000003")])
        evidence.follower(f"family-{who}", days_ago(9), unionid=f"family-{who}")
    evidence.receipt("family", days_ago(3), phone=phone("13700000003"))
    # shared card: the wife's WeChat was seen with it first
    evidence.member("shared", days_ago(50))
    evidence.visit("shared-1", days_ago(9), card="shared", unionid="shared-wife")
    evidence.visit("shared-2", days_ago(8), card="shared", unionid="shared-husband")
    evidence.follower("shared-husband", days_ago(7), unionid="shared-husband")
    evidence.contact("shared-husband", days_ago(7), unionid="shared-husband")
    # two cards of one WeChat
    for n in (1, 2):
        evidence.member(f"two-{n}", days_ago(50 - n))
        evidence.visit(f"two-{n}", days_ago(9), card=f"two-{n}", unionid="two")
    # rank: an older phone says one card, a younger WeChat another
    evidence.member("rank-phone", days_ago(50), phone=phone("13700000010"))
    evidence.visit("rank", days_ago(40), phone_hash=phone("13700000010"), unionid="rank")
    evidence.member("rank-wechat", days_ago(30))
    evidence.visit("rank-wechat", days_ago(20), card="rank-wechat", unionid="rank")
    # clerk: the phone on a member's card is typed for everybody
    evidence.member("clerk", days_ago(50), phone=phone("13700000004"))
    for n in range(13):
        evidence.receipt(f"clerk-{n}", days_ago(n), phone=phone("13700000004"))
    # recycled: the old owner fell silent two years ago
    evidence.member("old-owner", days_ago(1000), phone=phone("13700000005"), updated=days_ago(700))
    evidence.contact("new-owner", days_ago(20), unionid="new-owner", phones=[phone("13700000005")])
    evidence.receipt("new-owner", days_ago(10), phone=phone("13700000005"))
    # faithful: registered as long ago, but the card is in use
    evidence.member("faithful", days_ago(1000), phone=phone("13700000006"), updated=days_ago(700))
    evidence.receipt("faithful", days_ago(30), card="faithful")
    evidence.contact("faithful", days_ago(20), unionid="faithful", phones=[phone("13700000006")])
    # hashed: the visit shows the MD5 of the card's phone
    evidence.member("hashed", days_ago(50), phone=phone("13700000007"))
    evidence.visit("hashed", days_ago(5), phone_hash=phone_md5("13700000007"))
    # blocked and masked phones
    evidence.receipt("blocked-1", days_ago(5), phone=phone("13800138000"))
    evidence.receipt("blocked-2", days_ago(4), phone=phone("+86 138 0013 8000"))
    evidence.visit("blocked-3", days_ago(4), phone_hash=phone_md5("13800138000"))
    evidence.receipt("masked", days_ago(4), phone=phone("137****0008"))
    evidence.member("TEST-1", days_ago(4), phone=phone("13700000008"))
    # tmall: buyer, shop member and card meet through trades and the binding; the member's last trade moved on
    evidence.trade(7001, "tmall", days_ago(9))
    evidence.shop_member("tmall", 7001, days_ago(9), version="2026-11-18")
    evidence.shop_member("tmall", 7009, days_ago(2), version="2026-11-19")
    evidence.member("tmall", days_ago(50), ouid="tmall")
    # late: known as two people until a visit showed the WeChat together with the card
    evidence.member("late", days_ago(50))
    evidence.follower("late", days_ago(30), unionid="late")
    evidence.visit("late", days_ago(10), card="late", unionid="late")
    # steward: one person with two WeChats; two who share a phone and are not one
    evidence.contact("same-1", days_ago(50), unionid="same-u1")
    evidence.contact("same-2", days_ago(40), unionid="same-u2")
    evidence.follower("same-2", days_ago(40), unionid="same-u2")
    evidence.receipt("never-1", days_ago(5), phone=phone("13700000009"))
    evidence.receipt("never-2", days_ago(4), phone=phone("13700000009"))
    # twice: the same openid in two apps is a coincidence
    for appid in ("wx", "wx-of-another-app"):
        evidence.follower("twice", days_ago(30), appid=appid)
    _parted(evidence)
    return evidence


def _parted(evidence: Evidence) -> None:
    # refunded: a trade from before all that was known of the two came to light on the second night
    evidence.member("refunded", days_ago(50), ouid="refunded")
    evidence.shop_member("refunded", 7101, days_ago(30))
    evidence.trade(7101, "refunded", days_ago(30))
    evidence.trade(7100, "refunded", days_ago(300))
    # split and lifted: one person each by a phone, until a steward parted the two or took the phone away
    for name, number in (("split", "13700000012"), ("lifted", "13700000011")):
        evidence.contact(name, days_ago(50), unionid=name, phones=[phone(number)])
        evidence.follower(name, days_ago(45), unionid=name)
        evidence.member(name, days_ago(40), phone=phone(number))


DECISIONS = """
    insert into ops.identity_decision (decision_id, decision, decided_by, reason, effective_on) values
    ('d1', 'same', 'li', 'called', '2026-11-20'),
    ('d2', 'never_same', 'li', 'two customers', '2026-11-20'),
    ('d3', 'same', 'li', 'gone', '2026-11-20'),
    ('d4', 'split', 'li', 'mother and daughter', '2026-11-20');
    insert into ops.identity_decision (decision_id, decision, identifier_type, identifier_scope, identifier_value,
    decided_by, reason, effective_on) values
    ('d5', 'quarantine', 'phone', 'global', '{lifted}', 'li', 'the number of a hotel', '2026-11-20');
    insert into ops.identity_decision_account values
    ('d1', 'left', 'wecom_contact', 'corp', 'same-1'), ('d1', 'right', 'wecom_contact', 'corp', 'same-2'),
    ('d2', 'left', 'store_receipt', 'quanyu', 'S1|never-1'), ('d2', 'right', 'store_receipt', 'quanyu', 'S1|never-2'),
    ('d3', 'left', 'store_member', 'quanyu', 'erased'), ('d3', 'right', 'store_member', 'quanyu', 'late'),
    ('d4', 'left', 'store_member', 'quanyu', 'split'), ('d4', 'right', 'wecom_contact', 'corp', 'split'),
    ('d4', 'right', 'official_account_follower', 'wx', 'split')""".format(lifted=phone("13700000011"))


@dataclass(frozen=True)
class Nights:
    """What the builds left: both nights' people, the second night's tables, and other ways to get there."""

    warehouse: Warehouse
    first_night: dict[Account, str]
    people: dict[Account, str]
    tables: dict[str, list[tuple[Any, ...]]]
    screened: list[tuple[Any, ...]]
    resolution: list[tuple[Any, ...]]
    refusals: list[tuple[Any, ...]]
    links: list[tuple[Any, ...]]
    identifiers: list[tuple[Any, ...]]
    sightings: list[tuple[Any, ...]]
    events: list[tuple[Any, ...]]
    broken_rules: list[tuple[Any, ...]]
    rebuilt: dict[str, list[tuple[Any, ...]]]
    at_once: dict[Account, str]
    without_limits: list[tuple[Any, ...]]
    unit_tests: dict[str, str]
    lies_caught: set[str]

    def one_id(self, account_type: str, account_id: str) -> str | None:
        """Today's person of an account; None when it is nobody's."""
        return next((o for (kind, _, own), o in self.people.items() if (kind, own) == (account_type, account_id)), None)

    def reasons(self, account_id: str) -> set[tuple[str, str]]:
        """(identifier_type, reason) of every refusal of an account."""
        return {(identifier_type, reason) for own, identifier_type, reason in self.refusals if own == account_id}


@pytest.fixture(scope="module")
def nights(postgres: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nights]:
    """Build two nights, drop identity and build it again, then the same evidence at once and shuffled."""
    rng = random.Random(20261120)
    cases = the_cases().rows
    drawn = [row for seed in SEEDS for row in random_evidence(seed, 6 + 4 * seed)]
    rng.shuffle(drawn)
    is_late = {row: row.moment >= days_ago(15) or row.key == "7100" for row in cases}
    night_one = [row for row in cases if not is_late[row]] + drawn[::2]
    night_two = [row for row in cases if is_late[row]] + drawn[1::2]
    with warehouse_of_its_own(postgres, tmp_path_factory.mktemp("home")) as house:
        house.know_phones("13700000007", "13700000002")
        house.add(night_one, NIGHT - timedelta(days=1))
        house.build(NIGHT - timedelta(days=1))
        first_night = house.people()
        house.add(night_two)
        house.execute(DECISIONS)
        house.build()
        found = {
            "people": house.people(),
            "tables": house.dump(),
            "screened": house.rows(_SCREENED),
            "resolution": house.rows(_RESOLUTION),
            "refusals": house.rows(_REFUSALS),
            "links": house.rows("select one_id_a, one_id_b from identity.int_identity__household_links"),
            "identifiers": house.rows(
                f"select identifier_type, {_VALUE}, one_id, valid_from, valid_to"
                " from identity.bridge_identifier_customer order by valid_from"
            ),
            "sightings": house.rows(_SIGHTINGS),
            "events": house.rows("select business_date, event, one_id, other_one_id from identity.identity_events"),
        }  # fmt: skip
        with suppress(GateFailed):
            gates.check(house.dsn, "identity", NIGHT)
        found["broken_rules"] = house.rows("select reason from ops.gate_result where not is_met and severity = 'fail'")
        house.execute("drop schema identity cascade")
        house.build(layers=["identity"])
        rebuilt = house.dump()
        house.empty()
        house.add(rng.sample(cases + drawn, len(cases + drawn)))
        house.build()
        at_once = house.people()
        house.execute("update policy.identity_identifier_types set max_accounts = null, max_per_person = null,"
                      " reuse_days = null")  # fmt: skip
        house.build(layers=["identity"])
        without_limits = house.rows(_RESOLUTION)
        folder = tmp_path_factory.mktemp("dbt_test")
        units = house.test(
            "test_type:unit,path:models/staging",
            "test_type:unit,path:models/identity",
            "path:tests/macros",
            folder=folder,
        )
        house.execute(LIES)
        caught = house.test("test_type:singular,path:tests/staging", "path:tests/identity", folder=folder)
        yield Nights(
            house,
            first_night,
            **found,
            rebuilt=rebuilt,
            at_once=at_once,
            without_limits=without_limits,
            unit_tests=units,
            lies_caught={name for name, status in caught.items() if status in {"fail", "warn"}},
        )


# Each is one row off.
LIES = """
    update staging.stg_store__members set phone_token = '13700000001' where member_card = 'faithful';
    delete from identity.int_identity__screened where refused_because = 'invalid';
    update identity.int_identity__components set one_id = 'q1' where account_key = (
        select account_key from identity.int_identity__accounts
        where account_id = 'hashed' and account_type = 'store_visit');
    insert into identity.bridge_identifier_customer
    select identifier_key, identifier_type, identifier_scope, identifier_value, 'q1', valid_from + 1, null
    from identity.bridge_identifier_customer where identifier_value = 'late' limit 1;
    delete from identity.int_identity__merges where not is_newborn;
    insert into staging.stg_store__receipt_lines (brand, store_code, receipt_no, amount_fen)
    values ('b', 's', 'lie', 100);
    insert into staging.stg_store__tenders (brand, store_code, receipt_no, amount_fen) values ('b', 's', 'lie', 99);
    insert into staging.stg_store_db__tenders (brand, store_code, receipt_no, amount_fen) values ('b', 's', 'lie', 1)"""
_SCREENED = """
    select
        account_id, account_key, node_key, identifier_type, identifier_scope, priority, max_per_person,
        first_seen_at, is_own, kind = 'attribute'
    from identity.int_identity__screened
    where refused_because is null"""
_RESOLUTION = """
    select
        account_id, account_key, node_key, coalesce(cluster, component, l.label),
        case when not is_own then refused_because end
    from identity.int_identity__resolution as r inner join identity.int_identity__accounts using (account_key)
    inner join identity.int_identity__labels as l on r.account = l.node
    left join identity.int_identity__aliases as a on a.label = l.label
    left join identity.int_identity__clusters as c on c.account = r.account
    left join identity.int_identity__vetoes as v on v.identifier = r.identifier
    where kind <> 'attribute'"""
# A name counts within the phone it was given with.
_VALUE = "case identifier_type when 'name' then identifier_scope || ' ' else '' end || identifier_value"
_SIGHTINGS = f"""
    select
        a.account_id, e.account_key, a.landed_on, a.known_since, e.identifier_type, {_VALUE}, e.generation,
        date(e.first_seen_at at time zone 'Asia/Shanghai')
    from identity.int_identity__edges as e inner join identity.int_identity__accounts as a using (account_key)"""
_REFUSALS = """
    select distinct o.account_id, r.identifier_type, r.reason
    from identity.int_identity__refusals as r
    inner join identity.int_identity__observations as o using (account_key, identifier_key)"""


def _drawn(seed: int, rows: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """The rows of one random graph, by their account ids, without those."""
    return [row for own, *row in rows if own.removeprefix("S1|").startswith(f"{seed}-")]


def _groups(rows: list[tuple[Any, ...]]) -> set[frozenset[str]]:
    """Accounts by component, from rows of (account_key, node_key, component, ...)."""
    found: dict[int, set[str]] = {}
    for account, _, component, *_rest in rows:
        found.setdefault(component, set()).add(account)
    return {frozenset(accounts) for accounts in found.values()}


def _people(one_ids: dict[Account, str]) -> set[frozenset[Account]]:
    found: dict[str, set[Account]] = {}
    for account, one_id in one_ids.items():
        found.setdefault(one_id, set()).add(account)
    return set(map(frozenset, found.values()))


@pytest.mark.parametrize("seed", SEEDS)
def test_without_limits_people_are_the_connected_components(nights: Nights, seed: int) -> None:
    """The engine's rounds of set-based SQL find what networkx finds."""
    rows = _drawn(seed, nights.without_limits)
    graph = nx.Graph([(("account", account), ("node", node)) for account, node, *_ in rows])
    expected = {
        frozenset(name for kind, name in component if kind == "account") for component in nx.connected_components(graph)
    }
    assert _groups(rows) == expected
    assert max(map(len, expected)) > 1


@pytest.mark.parametrize("seed", SEEDS)
def test_with_limits_people_are_those_of_one_identifier_at_a_time(nights: Nights, seed: int) -> None:
    """Many decided in one round, or one by one in order of strength and age: the same people and refusals."""
    candidates = [
        Candidate(account, node, (kind, scope), priority, limit, seen, own, attribute)
        for account, node, kind, scope, priority, limit, seen, own, attribute in _drawn(seed, nights.screened)
    ]
    groups, refused = resolve(candidates)
    rows = _drawn(seed, nights.resolution)
    assert _groups(rows) == groups
    assert {(account, node) for account, node, _, reason in rows if reason} == refused


def test_the_random_graphs_are_full_of_conflicts_and_merges(nights: Nights) -> None:
    """Or the comparisons with them would prove little."""
    assert sum(to is not None for *_, to in nights.identifiers) > 20
    assert sum(reason is not None for *_, reason in nights.resolution) > 50
    assert max(map(len, _groups([row[1:] for row in nights.without_limits]))) > 20


def test_two_unionids_never_join_through_a_chain_of_phones(nights: Nights) -> None:
    """The later phone is the one that gives way; the card stays with the older one."""
    first, second = (nights.one_id("wecom_contact", f"chain-{n}") for n in (1, 2))
    assert first is not None
    assert second is not None
    assert first != second
    assert nights.one_id("store_member", "chain-card") == first
    assert nights.reasons("chain-2") == {("phone", "unique_conflict")}
    assert nights.reasons("chain-1") == set()


def test_a_familys_phone_joins_nobody_and_is_remembered_as_a_household(nights: Nights) -> None:
    """Refused for both sides, so nobody is written to there; the receipt with it is nobody's."""
    mother, father = (nights.one_id("wecom_contact", f"family-{who}") for who in ("mother", "father"))
    assert mother == nights.one_id("official_account_follower", "family-mother")
    assert father == nights.one_id("official_account_follower", "family-father")
    assert mother != father
    for who in ("mother", "father"):
        assert nights.reasons(f"family-{who}") == {("phone", "unique_conflict")}
    assert nights.one_id("store_receipt", "S1|family") is None
    assert tuple(sorted([str(mother), str(father)])) in nights.links


def test_a_shared_card_stays_with_who_showed_it_first(nights: Nights) -> None:
    """The husband's own accounts remain one person although the card's sighting of him is refused."""
    husband = nights.one_id("official_account_follower", "shared-husband")
    assert husband == nights.one_id("wecom_contact", "shared-husband")
    assert nights.one_id("store_member", "shared") not in {None, husband}
    assert nights.reasons("shared") == {("unionid", "unique_conflict")}


def test_a_stronger_identifier_joins_two_values_of_a_weaker_one(nights: Nights) -> None:
    """A lost card and its successor, shown by one WeChat, are one person with two cards."""
    person = nights.one_id("store_member", "two-1")
    assert person is not None
    assert person == nights.one_id("store_member", "two-2")
    cards = {value for kind, value, one_id, _, to in nights.identifiers if one_id == person and to is None}
    assert {"two-1", "two-2", "two"} <= cards


def test_the_stronger_identifier_speaks_first_however_young_it_is(nights: Nights) -> None:
    """On conflict the weakest is demoted, and of equals the latest."""
    assert nights.one_id("store_visit", "rank") == nights.one_id("store_member", "rank-wechat") is not None
    assert nights.one_id("store_member", "rank-phone") != nights.one_id("store_visit", "rank")
    assert nights.reasons("rank-phone") == {("phone", "unique_conflict")}


def test_a_supernode_is_refused_as_a_whole(nights: Nights) -> None:
    """Not one of its fourteen accounts believes it; the member remains, the walk-ins are nobody."""
    assert nights.reasons("clerk") == {("phone", "over_limit")}
    assert nights.one_id("store_member", "clerk") is not None
    for n in range(13):
        assert nights.reasons(f"S1|clerk-{n}") == {("phone", "over_limit")}
        assert nights.one_id("store_receipt", f"S1|clerk-{n}") is None


def test_a_number_given_out_again_starts_a_new_person(nights: Nights) -> None:
    """The receipts of today go to the new owner, and the old owner's spell of the number is over."""
    old, new = nights.one_id("store_member", "old-owner"), nights.one_id("wecom_contact", "new-owner")
    assert None not in {old, new}
    assert old != new
    assert nights.one_id("store_receipt", "S1|new-owner") == new
    assert nights.reasons("old-owner") == {("phone", "phone_recycled")}
    spells = [(one_id, to) for _, value, one_id, _, to in nights.identifiers if value == phone("13700000005")]
    assert spells == [(old, days_ago(20).date()), (new, None)]


def test_a_card_in_use_keeps_its_old_phone(nights: Nights) -> None:
    """A registration years ago is not a silence."""
    assert nights.one_id("store_member", "faithful") == nights.one_id("wecom_contact", "faithful") is not None


def test_a_phone_and_its_hash_are_one_identifier(nights: Nights) -> None:
    """They meet through the vault's aliases."""
    assert nights.one_id("store_member", "hashed") == nights.one_id("store_visit", "hashed") is not None


@pytest.mark.parametrize("account", ["S1|blocked-1", "S1|blocked-2", "blocked-3"])
def test_a_blocked_phone_is_blocked_in_every_spelling_and_hashed(nights: Nights, account: str) -> None:
    """The seed lists it in clear, identity sees tokens only."""
    assert nights.reasons(account) == {("phone", "blocked_value")}


def test_a_masked_phone_and_a_test_card_are_nobody(nights: Nights) -> None:
    """Each refused for its reason; what is left of the test card is its phone."""
    assert nights.reasons("S1|masked") == {("phone", "invalid")}
    assert nights.one_id("store_receipt", "S1|masked") is None
    assert nights.reasons("TEST-1") == {("member_card", "blocked_value")}


def test_tmall_accounts_meet_through_any_trade_a_member_was_ever_seen_with(nights: Nights) -> None:
    """The member's newest version names another trade; the older evidence still holds."""
    person = nights.one_id("tmall_buyer", "tmall")
    assert person is not None
    assert person == nights.one_id("tmall_member", "tmall") == nights.one_id("store_member", "tmall")


def test_the_gate_takes_a_stewards_word(nights: Nights) -> None:
    """Two unionids on one person are a merge that went wrong, unless a steward said so."""
    assert nights.broken_rules == []


def test_one_openid_in_two_apps_is_two_people(nights: Nights) -> None:
    """An identifier is what it is within its scope."""
    people = {account: one_id for account, one_id in nights.people.items() if account[2] == "twice"}
    assert len(people) == len(set(people.values())) == 2


def test_a_steward_joins_and_separates_against_every_rule(nights: Nights) -> None:
    """A person may have two WeChats when a steward says so; a shared phone does not join whom a steward keeps apart."""
    person = nights.one_id("wecom_contact", "same-1")
    assert person is not None
    assert person == nights.one_id("wecom_contact", "same-2") == nights.one_id("official_account_follower", "same-2")
    assert nights.reasons("S1|never-1") == nights.reasons("S1|never-2") == {("phone", "unique_conflict")}


def test_a_merge_is_an_event_and_ends_a_spell(nights: Nights) -> None:
    """Who was this on that day: the younger One-ID until the evidence came, the older one since."""
    older = nights.one_id("store_member", "late")
    younger = next(one_id for _, value, one_id, _, _ in nights.identifiers if value == "late" and one_id != older)
    days = [days_ago(n).date() for n in (50, 30, 10)]
    events = [event for event in nights.events if older in event[2:] or younger in event[2:]]
    assert sorted(events, key=lambda event: event[0]) == [
        (days[0], "created", older, None),
        (days[1], "created", younger, None),
        (days[2], "merged", older, younger),
    ]
    unionid = [row[2:] for row in nights.identifiers if row[:2] == ("unionid", "late")]
    assert unionid == [(younger, days[1], days[2]), (older, days[2], None)]


@pytest.mark.parametrize(("name", "number"), [("split", "13700000012"), ("lifted", "13700000011")])
def test_a_stewards_word_parts_a_person_from_its_day_on(nights: Nights, name: str, number: str) -> None:
    """The older side keeps the One-ID, the other gets its own, and the days before remember that they were one."""
    older, younger = nights.one_id("wecom_contact", name), nights.one_id("store_member", name)
    assert nights.first_night["store_member", "quanyu", name] == older
    assert older == nights.one_id("official_account_follower", name) != younger is not None
    assert [event for event in nights.events if younger in event[2:]] == [(NIGHT, "split", older, younger)]
    spells = {value: [] for value in (name, phone(number))}
    for kind, value, one_id, since, to in nights.identifiers:
        if value in spells and kind in {"member_card", "phone"}:
            spells[value].append((one_id, since, to))
    assert spells[name] == [(older, days_ago(40).date(), NIGHT), (younger, NIGHT, None)]
    assert spells[phone(number)] == [(older, days_ago(50).date(), NIGHT)]
    reason = {"split": "unique_conflict", "lifted": "quarantined"}[name]
    assert ("phone", reason) in nights.reasons(name)


@pytest.mark.parametrize("seed", SEEDS)
def test_who_was_this_on_that_day_is_a_join(nights: Nights, seed: int) -> None:
    """The spells say on every day what the evidence up to that day says."""
    sightings = [
        Sighting(account, (landed, born, account), (kind, value), generation, day)
        for account, landed, born, kind, value, generation, day in _drawn(seed, nights.sightings)
    ]
    days = sorted({sighting.seen_on for sighting in sightings})
    identifiers = {sighting.identifier for sighting in sightings}
    spells = [row for row in nights.identifiers if tuple(row[:2]) in identifiers]
    for day in days:
        by_spells = {
            (kind, value): one_id
            for kind, value, one_id, since, to in spells
            if since <= day and (to is None or day < to)
        }
        by_evidence = {known: "q" + account[:31] for known, account in owners_on(day, sightings).items()}
        # A new owner whose own evidence is refused ends the old one's spell all the same.
        ended = {(kind, value) for kind, value, _, _, to in spells if to is not None and to <= day}
        assert by_spells.items() <= by_evidence.items(), day
        assert by_evidence.keys() - by_spells.keys() <= ended, day


def test_a_one_id_survives_the_next_night(nights: Nights) -> None:
    """Who was known keeps the One-ID, or its merge into an older one is an event. Of the cases: nights in order."""
    merged = {other: one_id for _, event, one_id, other in nights.events if event == "merged"}
    known = {account: was for account, was in nights.first_night.items() if not account[2].split("|")[-1][0].isdigit()}
    changed = {account: was for account, was in known.items() if nights.people[account] != was}
    parted = {other for _, event, _, other in nights.events if event == "split"}
    changed = {account: was for account, was in changed.items() if nights.people[account] not in parted}
    assert {account[2] for account in changed} == {"late", "same-2", "two-2"}
    assert all(merged[was] == nights.people[account] for account, was in changed.items())


def test_late_evidence_of_older_days_renames_nobody(nights: Nights) -> None:
    """A trade of last year that is refunded today makes the buyer older than the card, and the card's One-ID stays."""
    person = nights.first_night["store_member", "quanyu", "refunded"]
    assert nights.one_id("tmall_buyer", "refunded") == nights.one_id("store_member", "refunded") == person
    assert nights.at_once["store_member", "quanyu", "refunded"] != person


def test_the_order_of_arrival_changes_nobody(nights: Nights) -> None:
    """Two nights, or one night in another order: the same accounts are one person."""
    assert _people(nights.at_once) == _people(nights.people)


def test_a_rebuild_from_raw_is_the_same_to_the_byte(nights: Nights) -> None:
    """Every table of identity, after its schema was dropped: people, refusals, spells, events."""
    assert nights.rebuilt == nights.tables
    assert all(nights.tables[table] for table in ("bridge_account_customer", "bridge_identifier_customer"))


def test_the_day_of_a_one_id_is_the_day_of_its_oldest_evidence(nights: Nights) -> None:
    """Events are dated by what happened, not by the night that noticed."""
    created = {one_id: day for day, event, one_id, _ in nights.events if event == "created"}
    separated = {other for _, event, _, other in nights.events if event == "split"}
    assert created[str(nights.one_id("store_member", "old-owner"))] == days_ago(1000).date()
    assert set(nights.people.values()) <= set(created) | separated
    assert max(created.values()) <= NIGHT


def test_the_rules_of_staging_and_identity_hold_on_their_unit_tests(nights: Nights) -> None:
    """Those of dbt, on a few rows each, and the macros on a list of values."""
    assert len(nights.unit_tests) >= 7
    assert set(nights.unit_tests.values()) == {"pass"}


def test_identity_that_lies_is_caught(nights: Nights) -> None:
    """Every sentence among the project's tests can fail, and a row was put wrong for each."""
    folders = [PROJECT / "dbt_project" / "tests" / layer for layer in ("staging", "identity")]
    assert nights.lies_caught == {path.stem for folder in folders for path in folder.glob("*.sql")}
