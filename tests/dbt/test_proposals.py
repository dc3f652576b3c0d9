"""Proposals in a warehouse: off until switched on, never stronger than a unique identifier, withdrawn when outdated."""

from __future__ import annotations

import json
import random
import shutil
from collections.abc import Iterator
from datetime import date, timedelta

import pytest

from quanyu import dbt, warehouse
from quanyu.contracts import Personal
from quanyu.errors import NotReady
from quanyu.local.postgres import EmbeddedPostgres
from quanyu.proposals import Proposals, propose
from quanyu.settings import PROJECT
from tests.dbt.evidence_kit import (
    BRAND,
    NIGHT,
    VAULT,
    Account,
    Evidence,
    RawRow,
    Warehouse,
    days_ago,
    wall,
    warehouse_of_its_own,
)

MORROW = NIGHT + timedelta(days=1)
STORES = ("S01", "S02", "S03", "S04")
GIVEN = "婉清思雨佳怡晓彤静诗涵梦洁欣然若曦丽华婷颖浩"
SURNAMES = "王李张刘陈杨黄赵吴周徐孙"

LONE, FOUND = ("store_member", BRAND, "lone"), ("wecom_contact", "corp", "found")
OUTDATED = ("wecom_contact", "corp", "c-130")
CLAIMED, OTHER = ("store_member", BRAND, "claimed"), ("wecom_contact", "corp", "other")


class Names:
    """Members and contacts with names; clear values go to the vault as landing would send them."""

    def __init__(self) -> None:
        self.rows: list[RawRow] = []
        self._said: set[tuple[Personal, str]] = set()

    def member(self, card: str, name: str, store: str, days: float, *, phone: str = "", address: str = "") -> None:
        moment = days_ago(days)
        payload = {"member_card": card, "name": self._token(Personal.NAME, name), "registered_store": store}
        payload |= {"phone": self._token(Personal.PHONE, phone), "address": self._token(Personal.ADDRESS, address)}
        payload |= {"registered_at": wall(moment), "updated_at": wall(moment)}
        self.rows.append(RawRow("store__members", BRAND, card, wall(moment), json.dumps(payload), moment))

    def contact(
        self, userid: str, remark: str, days: float, *, phone: str = "", unionid: str = "", description: str = ""
    ) -> None:
        moment = days_ago(days)
        payload = {
            "external_contact": {"external_userid": userid, "unionid": unionid},
            "follow_info": {
                "userid": "guide",
                "createtime": int(moment.timestamp()),
                "remark": self._token(Personal.NAME, remark),
                "description": self._token(Personal.TEXT, description),
                "remark_mobiles": [self._token(Personal.PHONE, phone)] if phone else [],
            },
        }
        self.rows.append(RawRow("wecom__contacts", "corp", f"{userid}|guide", "1", json.dumps(payload), moment))

    def land(self, night: Warehouse) -> None:
        night.add(self.rows)
        with warehouse.connect(night.dsn) as connection:
            VAULT.store(connection, [VAULT.tokenise(kind, value) for kind, value in self._said])

    def _token(self, kind: Personal, value: str) -> str:
        if not value:
            return ""
        self._said.add((kind, value))
        return VAULT.tokenise(kind, value).token


@pytest.fixture(scope="module")
def night(postgres: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    """A brand that knows 80 people on both sides and 80 on one; two members gave no phone. The day before, somebody
    proposed the right contact for one of them, and a wrong one."""
    rng, names, evidence = random.Random(7), Names(), Evidence()
    for n in range(160):
        name, store = rng.choice(SURNAMES) + "".join(rng.choices(GIVEN, k=2)), rng.choice(STORES)
        days, phone = rng.uniform(30, 900), f"139{n:08d}"
        home = f"文{rng.choice('一二三')}路{rng.randrange(1, 200)}号{rng.randrange(1, 30)}幢"
        if n < 120:
            names.member(f"card-{n}", name, store, days, phone=phone, address=f"浙江省杭州市余杭区{home}")
        if n < 80 or n >= 120:
            names.contact(f"c-{n}", f"{name} {store}", days - rng.random() * 9, phone=phone, description=f"住{home}")
    names.member("lone", "欧阳婉清", "S01", 20, address="浙江省杭州市余杭区天目山路12号7幢")
    names.contact("found", "欧阳婉清女士 S01", 20, description="送货到余杭区天目山路12号7幢")
    names.member("claimed", "慕容思雨", "S02", 20, address="浙江省杭州市余杭区古墩路5号1幢")
    names.contact("other", "慕容思雨 S02", 20, unionid="u-other", description="送货到余杭区古墩路5号1幢")
    evidence.visit("visit", days_ago(10), card="claimed", unionid="u-claimed")
    with warehouse_of_its_own(postgres, tmp_path_factory.mktemp("proposals")) as found:
        names.land(found)
        found.add(evidence.rows)
        suggest(found, NIGHT - timedelta(days=1), LONE, FOUND)
        suggest(found, NIGHT - timedelta(days=1), LONE, OUTDATED)
        found.build()
        yield found


@pytest.fixture(scope="module")
def proposed(night: Warehouse) -> Proposals:
    return propose(night.dsn, VAULT, NIGHT)


@pytest.fixture(scope="module")
def switched_on(night: Warehouse, proposed: Proposals, tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    """The next night with the switch on, and with a proposal of two people who have different unionids."""
    project = tmp_path_factory.mktemp("project") / "dbt_project"
    shutil.copytree(PROJECT / "dbt_project", project, ignore=shutil.ignore_patterns("target", "logs"))
    settings = project / "dbt_project.yml"
    text = settings.read_text(encoding="utf-8")
    assert "identity_use_proposals: false" in text
    settings.write_text(text.replace("identity_use_proposals: false", "identity_use_proposals: true"), encoding="utf-8")
    suggest(night, NIGHT, CLAIMED, OTHER)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(dbt, "DBT_PROJECT", project)
        night.build(MORROW, layers=["identity"])
    return night


def suggest(night: Warehouse, day: date, left: Account, right: Account) -> None:
    """Write a proposal as a run of that day would have."""
    with warehouse.connect(night.dsn) as connection:
        connection.execute(
            "insert into ops.identity_proposal_run values (%s, 'by hand', 1, 1) on conflict do nothing", [day]
        )
        connection.execute(
            "insert into ops.identity_proposal values (%s, %s, %s, %s, %s, %s, %s, 0.99, 'by hand')",
            [day, *left, *right],
        )


def pairs(night: Warehouse, day: date) -> set[tuple[Account, Account]]:
    """What the run of a day proposed."""
    rows = night.rows(
        f"""select left_account_type, left_scope, left_account_id, right_account_type, right_scope, right_account_id
        from ops.identity_proposal where proposed_on = '{day}' and model <> 'by hand'"""
    )
    return {(row[:3], row[3:]) for row in rows}


def test_until_the_switch_is_on_nothing_is_believed(night: Warehouse) -> None:
    people = night.people()
    assert len({people[LONE], people[FOUND], people[OUTDATED]}) == 3
    assert night.rows("select count(*) from identity.int_identity__evidence_proposals") == [(0,)]


def test_a_member_without_phone_is_proposed_for_the_contact_of_the_same_name_store_and_address(
    night: Warehouse, proposed: Proposals
) -> None:
    assert (LONE, FOUND) in pairs(night, NIGHT)
    assert proposed.members == 2
    assert proposed.pairs == len(pairs(night, NIGHT))


def test_two_unionids_are_never_proposed_to_be_one_person(night: Warehouse, proposed: Proposals) -> None:
    assert not [pair for pair in pairs(night, NIGHT) if CLAIMED in pair or OTHER in pair]


def test_proposing_again_replaces_the_proposals_of_the_date(night: Warehouse, proposed: Proposals) -> None:
    before = pairs(night, NIGHT)
    assert propose(night.dsn, VAULT, NIGHT) == proposed
    assert pairs(night, NIGHT) == before


def test_what_is_written_holds_no_name_and_no_address(night: Warehouse, proposed: Proposals) -> None:
    tables = ("ops.identity_proposal", "ops.identity_proposal_run")
    written = "".join(text for table in tables for (text,) in night.rows(f"select t::text from {table} as t"))
    assert proposed.model in written
    assert not [part for part in ("欧阳", "婉清", "天目山") if part in written]


def test_another_business_date_than_that_of_identity_is_refused(night: Warehouse, proposed: Proposals) -> None:
    with pytest.raises(NotReady, match="build staging and identity"):
        propose(night.dsn, VAULT, NIGHT - timedelta(days=1))


def test_with_the_switch_on_a_pair_is_one_person_since_the_day_after_it_was_first_proposed(
    switched_on: Warehouse,
) -> None:
    people = switched_on.people()
    assert people[LONE] == people[FOUND]
    spells = switched_on.rows("select max(business_date) from identity.identity_events where event = 'merged'")
    assert spells == [(NIGHT,)]


def test_a_pair_that_the_newest_run_does_not_name_is_withdrawn(switched_on: Warehouse) -> None:
    people = switched_on.people()
    assert people[LONE] != people[OUTDATED]


def test_a_proposal_between_two_unionids_is_refused_as_a_conflict_and_makes_no_household(
    switched_on: Warehouse,
) -> None:
    people = switched_on.people()
    assert people[CLAIMED] != people[OTHER]
    refused = switched_on.rows("select reason from identity.int_identity__refusals where identifier_type = 'proposal'")
    assert refused == [("unique_conflict",)] * 2
    assert switched_on.rows("select count(*) from identity.int_identity__household_links") == [(0,)]


def test_a_pair_that_is_believed_is_still_proposed_the_next_time(switched_on: Warehouse) -> None:
    propose(switched_on.dsn, VAULT, MORROW)
    assert (LONE, FOUND) in pairs(switched_on, MORROW)
