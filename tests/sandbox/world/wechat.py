"""The chapter of WeChat: followers of the official account and contacts of the guides."""

from __future__ import annotations

import random
from datetime import datetime, timedelta

from tests.sandbox.world.calendar import Calendar, between, code, moment
from tests.sandbox.world.catalogue import GUIDES, NICKNAMES
from tests.sandbox.world.journeys import Journey
from tests.sandbox.world.model import Contact, Follower

_SCENES = ("ADD_SCENE_QR_CODE", "ADD_SCENE_SEARCH", "ADD_SCENE_PROFILE_CARD", "ADD_SCENE_WECHAT_ADVERTISEMENT")


def followers(journeys: list[Journey], rng: random.Random) -> list[Follower]:
    """Everyone who ever followed; in 4 of 100 the platform tells no unionid."""
    return [
        Follower(
            openid=code(rng, "oQY", 28),
            unionid=journey.person.unionid if rng.random() > 0.04 else None,
            subscribed_at=moment(rng, journey.follows_on),
            unsubscribed_at=moment(rng, journey.leaves_on) if journey.leaves_on else None,
            scene=(scene := rng.choices(_SCENES, (60, 20, 10, 10))[0]),
            qr_scene_str=f"store_{journey.person.store}" if scene == "ADD_SCENE_QR_CODE" else "",
            person=journey.person.id,
        )
        for journey in journeys
        if journey.follows_on is not None
    ]


def contacts(journeys: list[Journey], rng: random.Random, calendar: Calendar) -> list[Contact]:
    """One relation per customer and guide; 7 in 100 customers are followed by two guides."""
    found: list[Contact] = []
    phones = [journey.person.phone for journey in journeys]
    for journey in journeys:
        if journey.staff_adds_on is None:
            continue
        first = _contact(journey, rng, calendar, phones, moment(rng, journey.staff_adds_on))
        found.append(first)
        if rng.random() < 0.07:
            found.append(_second_guide(first, journey, rng))
    return found


def _contact(
    journey: Journey, rng: random.Random, calendar: Calendar, phones: list[str], added_at: datetime
) -> Contact:
    person = journey.person
    return Contact(
        external_userid=code(rng, "wmQY", 32),
        unionid=person.unionid if rng.random() > 0.12 else None,
        staff_userid=rng.choice(GUIDES[person.store]),
        name=rng.choice(NICKNAMES),
        remark=f"{person.name} {person.store}",
        remark_mobiles=_typed_mobiles(journey, rng, phones) if rng.random() < 0.62 else (),
        added_at=added_at,
        deleted_at=(
            moment(rng, between(rng, added_at.date() + timedelta(days=1), calendar.last))
            if rng.random() < 0.04
            else None
        ),
        state=f"store_{person.store}",
        add_way=rng.choices((1, 2, 202), (80, 15, 5))[0],
        person=person.id,
    )


def _second_guide(first: Contact, journey: Journey, rng: random.Random) -> Contact:
    """The same customer in the book of the other guide of the store."""
    other = next(guide for guide in GUIDES[journey.person.store] if guide != first.staff_userid)
    return Contact(
        external_userid=first.external_userid,
        unionid=first.unionid,
        staff_userid=other,
        name=first.name,
        remark=first.name,
        remark_mobiles=(),
        added_at=first.added_at + timedelta(minutes=rng.randint(1, 50)),
        deleted_at=None,
        state="",
        add_way=202,
        person=first.person,
    )


def _typed_mobiles(journey: Journey, rng: random.Random, phones: list[str]) -> tuple[str, ...]:
    """What the guide typed: right in 95 of 100, else a slip of the finger or somebody else's number."""
    own = journey.card_phone
    lot = rng.random()
    if lot < 0.03:
        return (slip(rng, own),)
    if lot < 0.05:
        return (rng.choice(phones),)
    if lot < 0.10:
        return (own, "0571-88881234")
    return (spelt(rng, own),)


def spelt(rng: random.Random, phone: str) -> str:
    """The number as people write it."""
    lot = rng.random()
    if lot < 0.06:
        return f"{phone[:3]} {phone[3:7]} {phone[7:]}"
    if lot < 0.09:
        return f"+86 {phone}"
    if lot < 0.11:
        return phone.translate(str.maketrans("0123456789", "０１２３４５６７８９"))
    return phone


def slip(rng: random.Random, phone: str) -> str:
    """The number with one digit wrong or missing."""
    place = rng.randrange(4, 11)
    if rng.random() < 0.4:
        return phone[:place] + phone[place + 1 :]
    return phone[:place] + str((int(phone[place]) + rng.randint(1, 9)) % 10) + phone[place + 1 :]
