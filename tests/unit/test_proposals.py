"""Proposals from names: what is read from typed text, what is proposed and what never is, and how often it is right."""

from __future__ import annotations

import random
import sys
from dataclasses import replace

import pytest

from quanyu.contracts import Personal
from quanyu.errors import ConfigurationError, NotReady
from quanyu.outbox import Drop
from quanyu.proposals import names
from quanyu.proposals.model import Pair, compare
from quanyu.proposals.records import Record
from quanyu.sources import store
from quanyu.sources.store import files
from tests.fixtures.phoneless_world import Labelled, labelled

DEFAULT_THRESHOLD = 0.9
"""`identity_proposal_threshold` of the evidence model."""


@pytest.fixture(scope="module")
def world() -> Labelled:
    return labelled(4000, 11, addresses=0.4)


@pytest.fixture(scope="module")
def proposed(world: Labelled) -> tuple[Pair, ...]:
    return compare(world.members, world.contacts).pairs


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("王 婉清 女士", "王婉清"),
        ("王·伟", "王伟"),
        ("WANG  Wei", "wang wei"),
        ("王女士", None),
        ("12", None),
    ],
)
def test_a_name_is_what_its_bearer_typed_without_titles_and_blanks(typed: str, name: str | None) -> None:
    assert names.own_name(" ".join(typed.split())) == name


@pytest.mark.parametrize(
    ("notes", "name"),
    [
        (["S01王婉清女士"], "王婉清"),
        (["李 婷 S02"], "李婷"),
        (["欧阳婉清，周末常来"], "欧阳婉清"),
        (["豆豆妈咪", "王伟"], "王伟"),
        (["王姐", "一颗星"], None),
        (["Luna"], None),
    ],
)
def test_a_guides_note_holds_a_name_only_when_it_begins_with_a_surname(notes: list[str], name: str | None) -> None:
    assert names.noted_name(*notes) == name


def test_two_spellings_of_an_address_are_one() -> None:
    told = names.address("浙江省杭州市余杭区文一西路 969 号 3 幢")
    noted = names.noted_address("周末送", "送到余杭区文一西路９６９号3幢，周末常来")
    assert told == "文一西路969-3"
    assert noted is not None
    assert noted.endswith("文一西路969-3")
    assert names.address("良渚文化村小区5幢301室") == "良渚文化村小区5-301"


def test_birthday_and_store_are_found_in_notes() -> None:
    assert names.noted_birthday("周末常来", "生日是1月20日") == "0120"
    assert names.noted_birthday("1月20日来过") is None
    assert names.noted_store(frozenset({"S01", "S1"}), "店员推荐", "store_S01") == "S01"


def test_at_the_default_threshold_nine_of_ten_proposals_and_more_are_right(
    world: Labelled, proposed: tuple[Pair, ...]
) -> None:
    believed = [pair for pair in proposed if pair.probability >= DEFAULT_THRESHOLD]
    right = sum(world.truth[pair.left] == world.truth[pair.right] for pair in believed)
    assert len(believed) >= 20
    assert right / len(believed) >= 0.95


def test_names_stores_and_addresses_find_most_of_whom_nothing_else_ties(
    world: Labelled, proposed: tuple[Pair, ...]
) -> None:
    found = {(pair.left, pair.right) for pair in proposed} & world.wanted()
    assert len(found) / len(world.wanted()) >= 0.6


def test_only_members_without_phone_and_tie_are_proposed_each_for_one_contact(
    world: Labelled, proposed: tuple[Pair, ...]
) -> None:
    lone = {record.account for record in world.members if record.is_lone}
    free = {record.account for record in world.contacts if record.is_open}
    assert {pair.left for pair in proposed} <= lone
    assert {pair.right for pair in proposed} <= free
    assert len({pair.left for pair in proposed}) == len(proposed) == len({pair.right for pair in proposed})


def test_the_order_of_the_rows_changes_neither_the_proposals_nor_the_model() -> None:
    world = labelled(1000, 3)
    first = compare(world.members, world.contacts)
    rng = random.Random(1)
    again = compare(rng.sample(world.members, len(world.members)), rng.sample(world.contacts, len(world.contacts)))
    assert first.pairs
    assert first == again


def test_a_pair_that_a_unique_identifier_contradicts_is_never_proposed(
    world: Labelled, proposed: tuple[Pair, ...]
) -> None:
    best = max(proposed, key=lambda pair: pair.probability)

    def showing(records: list[Record], account: tuple[str, str, str], unionid: str) -> list[Record]:
        mark = frozenset({("unionid", "open_platform", unionid)})
        return [replace(record, marks=mark) if record.account == account else record for record in records]

    members = showing(world.members, best.left, "u1")
    agreeing = compare(members, showing(world.contacts, best.right, "u1")).pairs
    contradicted = compare(members, showing(world.contacts, best.right, "u2")).pairs
    assert best in agreeing
    assert (best.left, best.right) not in {(pair.left, pair.right) for pair in contradicted}


def test_a_name_that_two_contacts_of_one_store_bear_proposes_neither(
    world: Labelled, proposed: tuple[Pair, ...]
) -> None:
    best = max(proposed, key=lambda pair: pair.probability)
    contact = next(record for record in world.contacts if record.account == best.right)
    namesake = replace(contact, account=("wecom_contact", contact.account[1], "namesake"), person="namesake")
    pairs = compare(world.members, [*world.contacts, namesake]).pairs
    assert best.left not in {pair.left for pair in pairs}


def test_a_brand_that_knows_hardly_anybody_on_both_sides_learns_nothing(world: Labelled) -> None:
    apart = [replace(record, person=f"alone {n}") for n, record in enumerate(world.members)]
    with pytest.raises(NotReady, match="only 0 people"):
        compare(apart, world.contacts)


def test_without_the_extra_the_remedy_names_it(world: Labelled, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "splink", None)
    with pytest.raises(ConfigurationError, match=r"uv pip install 'quanyu\[splink\]'"):
        compare(world.members, world.contacts)


def test_no_record_shows_a_name_when_it_is_printed(world: Labelled) -> None:
    record = world.members[0]
    assert record.name not in repr(record)


@pytest.mark.parametrize("has_address", [True, False])
def test_a_members_file_may_have_the_address_or_lack_it(has_address: bool) -> None:
    kind = next(entity for entity in store.SOURCE.entities if entity.name == "members")
    columns = [column for column in kind.fields if has_address or column != "address"]
    content = f"{','.join(columns)}\n{','.join(['x'] * len(columns))}\n".encode()
    (row,) = files.records(Drop("MEMBERS_20261120_1.csv", content, 1), store._MEMBERS)
    assert row.get("address") == ("x" if has_address else None)
    assert kind.personal["address"] is Personal.ADDRESS
