"""The world is the same each time, has every oddity that identity must survive, and knows what can be proved."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import date, datetime, time, timedelta
from functools import cache

import phonenumbers
import pytest

from quanyu.contracts import SHANGHAI
from tests.sandbox.world import World

DAY = date(2026, 11, 20)
MIDNIGHT = datetime.combine(DAY + timedelta(days=1), time(), SHANGHAI)
ACCOUNT_TYPES = {
    "tmall_buyer",
    "tmall_member",
    "official_account_follower",
    "wecom_contact",
    "store_member",
    "store_receipt",
    "store_visit",
    "jd_buyer",
    "douyin_buyer",
    "youzan_customer",
    "wechat_store_user",
    "wechat_payer",
    "video_channel_lead",
    "mini_program_user",
    "app_user",
    "ocean_engine_lead",
    "tencent_ads_lead",
    "lead",
    "service_ticket",
    "survey_answer",
}


@cache
def _world(people: int = 2000, seed: int = 7) -> World:
    return World.generate(people, seed, DAY)


def _last_purchases(world: World) -> dict[str, date]:
    bought = [(trade.person, trade.created_at) for trade in world.trades if trade.paid_at and trade.paid_at < MIDNIGHT]
    bought += [(receipt.person, receipt.sold_at) for receipt in world.receipts if receipt.sold_at < MIDNIGHT]
    return {person: at.date() for person, at in sorted(bought)}


def test_the_same_arguments_give_the_same_world() -> None:
    one, other = World.generate(300, 7, DAY), World.generate(300, 7, DAY)
    assert one == other
    assert one.truth == other.truth
    assert World.generate(300, 8, DAY).people != one.people


def test_every_phone_is_a_valid_mobile_number() -> None:
    world = _world()
    numbers = {phone for person in world.people for phone in person.phones} | set(world.clerk_phones)
    parsed = [phonenumbers.parse(number, "CN") for number in numbers]
    assert all(phonenumbers.is_valid_number(number) for number in parsed)
    assert {phonenumbers.number_type(number) for number in parsed} == {phonenumbers.PhoneNumberType.MOBILE}


@pytest.mark.parametrize("people", [50, 200, 2000])
def test_truth_has_every_type_of_account_and_provable_is_a_part_of_it(people: int) -> None:
    world = _world(people)
    assert {kind for kind, _, _ in world.truth} == ACCOUNT_TYPES
    seen = [account for group in world.provable for account in group]
    assert len(seen) == len(set(seen))
    assert set(seen) <= world.truth.keys()
    assert all(len({world.truth[account] for account in group}) == 1 for group in world.provable)
    assert sum(len(group) > 1 for group in world.provable) > people / 4


def test_a_mark_other_than_a_name_or_a_birthday_is_one_persons() -> None:
    world = _world()
    shown = defaultdict(set)
    for group, marks in zip(world.provable, world.marks_on(DAY), strict=True):
        for kind, value in marks - {mark for mark in marks if mark[0] in {"name", "birthday"}}:
            shown[kind, value].add(world.truth[next(iter(group))])
    assert {kind for kind, _ in shown} >= {"unionid", "ouid", "store_member", "wecom_contact", "tmall_buyer"}
    assert all(len(people) == 1 for people in shown.values())


def test_provable_grows_with_the_nights() -> None:
    world = _world()
    tonight = {account for group in world.provable for account in group}
    tomorrow = {account for group in world.provable_on(DAY + timedelta(days=1)) for account in group}
    assert tonight < tomorrow


def test_noise_proves_nothing() -> None:
    """A clerk's number, a partner's and a recycled one tie nobody's accounts together."""
    world = _world()
    group_of = {account: number for number, group in enumerate(world.provable) for account in group}
    by_phone: dict[str, set[int]] = defaultdict(set)
    for receipt in world.receipts:
        account = ("store_receipt", "quanyu", f"{receipt.store}|{receipt.receipt_no}")
        if receipt.phone in world.clerk_phones and account in group_of:
            by_phone[receipt.phone].add(group_of[account])
    assert len(by_phone) == 3
    assert all(len(groups) > 20 for groups in by_phone.values())
    holders, groups_of = defaultdict(set), defaultdict(set)
    for card in world.cards:
        if card.registered_at < MIDNIGHT:
            holders[card.phone].add(card.person)
            groups_of[card.phone].add(group_of["store_member", "quanyu", card.member_card])
    shared = {phone: people for phone, people in holders.items() if len(people) > 1}
    assert len(shared) > 20
    assert all(len(groups_of[phone]) >= len(people) for phone, people in shared.items())


@pytest.mark.parametrize("people", [50, 200, 2000])
def test_a_recycled_number_lay_silent_for_90_days(people: int) -> None:
    world = _world(people)
    owners = defaultdict(list)
    for person in world.people:
        for phone in person.phones:
            owners[phone].append(person)
    recycled = {phone: pair for phone, pair in owners.items() if len(pair) > 1}
    assert recycled
    for phone, pair in recycled.items():
        by_person = {
            person.id: [card.registered_at for card in world.cards if card.person == person.id and card.phone == phone]
            + [card.updated_at for card in world.cards if card.person == person.id and card.phone == phone]
            + [c.added_at for c in world.contacts if c.person == person.id and phone in c.remark_mobiles]
            + [receipt.sold_at for receipt in world.receipts if receipt.phone == phone and receipt.person == person.id]
            for person in pair
        }
        old, new = sorted(by_person.values(), key=min)
        assert max(old) + timedelta(days=90) < min(new)


def test_every_oddity_is_there() -> None:
    world = _world()
    staff = defaultdict(set)
    for contact in world.contacts:
        staff[contact.external_userid].add(contact.staff_userid)
    versions = defaultdict(set)
    for card in world.cards:
        versions[card.member_card].add(card.phone)
    households = Counter(person.household for person in world.people if person.household)
    typed = [receipt.phone for receipt in world.receipts if receipt.phone]
    own = world.numbers_of
    remarks = [
        (phone, contact.person) for contact in world.contacts for phone in contact.remark_mobiles if phone.isdecimal()
    ]
    assert set().union(*staff.values()) <= set(world.staff)
    assert sum(len(guides) > 1 for guides in staff.values()) > 20, "customers with two guides"
    assert sum(len(phones) > 1 for phones in versions.values()) > 20, "changed phones"
    assert set(households.values()) == {2}, "couples"
    assert sum("*" in phone for phone in typed) > 0, "masked"
    assert sum(len(phone) == 10 for phone in typed) > 0, "a digit too few"
    assert sum(phone not in own[person] for phone, person in remarks) > 5, "wrong remarks"
    assert Counter(person.persona for person in world.people)["reseller"] == 2
    assert sum(fan.unsubscribed_at is not None and fan.unsubscribed_at < MIDNIGHT for fan in world.followers) > 20
    assert sum(contact.deleted_at is not None for contact in world.contacts) > 10
    assert sum(fan.unionid is None for fan in world.followers) > 10
    assert sum(receipt.late for receipt in world.receipts) > 5
    assert {card.sms_consent for card in world.cards} == {"Y", "N", ""}
    spelt = {name: sum(card.name == name for card in world.cards) for name in ("", *world.name_of.values())}
    assert 0 < spelt[""] < len(world.cards) - sum(spelt.values()), "cards without a name; forms of address, slips"
    assert 0 < sum(world.name_of[c.person] in c.remark for c in world.contacts) < len(world.contacts), "remarks"


@pytest.mark.parametrize(("people", "at_least"), [(200, 5), (2000, 40)])
def test_each_segment_has_members(people: int, at_least: int) -> None:
    world = _world(people)
    last = _last_purchases(world)
    known = {person.id for person in world.people}
    due = [person for person, day in last.items() if person in known and 21 <= (DAY - day).days <= 35]
    fans = [
        fan for fan in world.followers if fan.follows(MIDNIGHT) and MIDNIGHT - fan.subscribed_at < timedelta(days=8)
    ]
    today = {c.member_card for c in world.cards if c.birthday and (c.birthday.month, c.birthday.day) == (11, 20)}
    assert len(due) >= at_least
    assert len([fan for fan in fans if fan.person not in last]) >= at_least
    assert len(today) >= at_least


def test_every_stage_of_the_funnel_has_events_on_the_business_date() -> None:
    world = _world()
    assert sum(row.impression for row in world.creative_days if row.day == DAY and row.placement == "FEED")
    assert sum(row.click for row in world.creative_days if row.day == DAY and row.placement == "SEARCH")
    assert sum(row.share for row in world.creative_days if row.day == DAY)
    assert any(fan.subscribed_at.date() == DAY for fan in world.followers)
    assert any(visit.visited_at.date() == DAY for visit in world.visits)
    assert sum(trade.created_at.date() == DAY for trade in world.trades) > 10
    assert sum(receipt.sold_at.date() == DAY for receipt in world.receipts) > 10


def test_two_more_days_are_lived() -> None:
    world = _world()
    for later in (1, 2):
        day = DAY + timedelta(days=later)
        assert any(trade.created_at.date() == day for trade in world.trades)
        assert any(receipt.sold_at.date() == day for receipt in world.receipts)
        assert any(fan.subscribed_at.date() == day for fan in world.followers)
        assert any(card.updated_at.date() == day for card in world.cards)
    assert max(receipt.sold_at.date() for receipt in world.receipts) == world.calendar.last
