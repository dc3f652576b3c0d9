"""One person's journey crosses the brand's systems, and each shows only what the real one would say of the person."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from datetime import date

import pytest

from tests.sandbox.world import World, truth
from tests.sandbox.world.model import Account
from tests.sandbox.world.systems import systems

DAY = date(2026, 11, 20)
PHONE = re.compile(r"1[3-9]\d{9}")

# What the contracts say a platform gives out; a phone only where people type it or agree to share it.
GIVES = {
    "tmall_buyer": {"tid", "ouid"},
    "tmall_member": {"tid", "ouid"},
    "official_account_follower": {"unionid"},
    "wecom_contact": {"unionid", "phone", "name and phone"},
    "store_member": {"phone", "name and phone", "ouid", "unionid"},
    "store_receipt": {"phone"},
    "store_visit": {"phone", "unionid"},
    "mini_program_user": {"openid", "unionid"},
    "app_user": {"phone"},
    "lead": {"phone"},
    "service_ticket": {"phone"},
    "survey_answer": {"unionid"},
    "jd_buyer": {"xid_buyer", "open_id_buyer"},
    "douyin_buyer": {"douyin_open_id", "douyin_phone_index"},
    "youzan_customer": {"yz_open_id", "openid", "unionid"},
    "ocean_engine_lead": {"phone"},
    "tencent_ads_lead": {"phone"},
    "wechat_payer": {"openid"},
    "wechat_store_user": {"openid", "unionid", "phone"},
    "video_channel_lead": {"phone"},
}
JOURNEY = {
    "lead",
    "official_account_follower",
    "wecom_contact",
    "mini_program_user",
    "tmall_buyer",
    "store_member",
}


@pytest.fixture(scope="module")
def world() -> World:
    return World.generate(2000, 7, DAY)


def shown(world: World) -> Iterator[tuple[Account, set[truth.Identifier]]]:
    yield from truth._evidence(world, DAY)


def test_somebody_is_in_ads_wechat_the_mini_program_the_shop_and_a_store(world: World) -> None:
    """From a form on Xiaohongshu to a card in a store: the same person, under another name everywhere."""
    types: dict[str, set[str]] = defaultdict(set)
    for (account_type, _, _), person in world.truth.items():
        types[person].add(account_type)
    assert [person for person, seen in types.items() if seen >= JOURNEY]


def test_every_account_type_is_told_what_it_may_show(world: World) -> None:
    assert {account[0] for account, _ in shown(world)} <= set(GIVES)


def test_a_system_shows_only_the_identifiers_that_the_real_one_gives(world: World) -> None:
    for (account_type, _, account_id), identifiers in shown(world):
        kinds = {kind for kind, _, _ in identifiers}
        assert kinds <= GIVES[account_type], f"{account_type} {account_id} shows {kinds - GIVES[account_type]}"


def test_every_account_that_is_shown_is_somebodys(world: World) -> None:
    assert {account for account, _ in shown(world)} <= set(world.truth)


def test_an_openid_is_one_person_to_one_app(world: World) -> None:
    owners: dict[tuple[str, str], set[str]] = defaultdict(set)
    for (_, scope, _), identifiers in shown(world):
        for kind, value, person in identifiers:
            if kind == "openid":
                owners[scope, value].add(person)
    assert owners
    assert all(len(people) == 1 for people in owners.values())


@pytest.mark.parametrize("system", systems(), ids=lambda system: system.__name__.rpartition(".")[2])
def test_a_system_repeats_itself(system: object) -> None:
    """Another world of the same seed shows the same."""
    one, other = (World.generate(200, 3, DAY) for _ in range(2))
    for name in ("accounts", "evidence"):
        tell = getattr(system, name, None)
        if tell is not None:
            arguments = (DAY,) if name == "evidence" else ()
            assert list(tell(one, *arguments)) == list(tell(other, *arguments))
