"""The chapter of the store card: registrations, the binding to Tmall, consents, changed phones."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import date

from tests.sandbox.world.calendar import Calendar, between, moment
from tests.sandbox.world.journeys import Journey
from tests.sandbox.world.model import Card
from tests.sandbox.world.shop import Buyer


def cards(journeys: list[Journey], known: dict[str, Buyer], rng: random.Random, calendar: Calendar) -> list[Card]:
    """Every version of every card, oldest first."""
    found: list[Card] = []
    for journey in journeys:
        for _ in range(1 + journey.extra_cards if journey.card_on else 0):
            number = f"8800{len(found) + 1:05d}{rng.randrange(100):02d}"
            first = _first_version(number, journey, known, rng, calendar)
            found += [first, *_later_versions(first, journey, known, rng, calendar)]
    return sorted(found, key=lambda card: (card.updated_at, card.member_card))


def _first_version(
    number: str, journey: Journey, known: dict[str, Buyer], rng: random.Random, calendar: Calendar
) -> Card:
    person, registered = journey.person, journey.card_on or calendar.first
    registered_at = moment(rng, registered, 10, 21)
    old = registered < calendar.first and journey.card_used_on and journey.card_used_on > registered
    updated_at = moment(rng, journey.card_used_on, 10, 21) if old and journey.card_used_on else registered_at
    consent = rng.choices(("Y", "N", ""), (56, 17, 27))[0]
    bound = person.id in known and journey.shop_member_on is not None and rng.random() < 0.45
    return Card(
        member_card=number,
        name=person.name,
        phone=journey.card_phone,
        birthday=person.birthday if _tells_birthday(person.birthday, rng, calendar) else None,
        registered_at=registered_at,
        registered_store=person.store,
        tmall_ouid=known[person.id].ouid if bound else "",
        sms_consent=consent,
        sms_consent_at=registered_at if consent else None,
        consent_text_version=("2026-01" if registered.year == 2026 else "2023-07") if consent else "",
        updated_at=updated_at,
        person=person.id,
    )


def _tells_birthday(birthday: date, rng: random.Random, calendar: Calendar) -> bool:
    """Whether the card holds the birthday: 85 of 100, and everyone whose birthday is near."""
    near = {(calendar.ago(-n).month, calendar.ago(-n).day) for n in range(8)}
    return (birthday.month, birthday.day) in near or rng.random() < 0.85


def _later_versions(
    first: Card, journey: Journey, known: dict[str, Buyer], rng: random.Random, calendar: Calendar
) -> list[Card]:
    """What changed within the lived days: the phone, the consent, the Tmall binding."""
    changes: list[tuple[date, str]] = []
    if journey.phone_changes_on is not None:
        changes.append((journey.phone_changes_on, "phone"))
    silent = journey.person.persona == "lapsed"
    earliest = max(calendar.first, first.updated_at.date())
    if first.sms_consent and not silent and rng.random() < 0.05:
        changes.append((between(rng, earliest, calendar.last), "consent"))
    if journey.person.id in known and not first.tmall_ouid and not silent and rng.random() < 0.10:
        changes.append((between(rng, earliest, calendar.last), "binding"))
    versions, card = [], first
    for day, what in sorted(changes):
        at = max(moment(rng, day, 10, 21), card.updated_at)
        if what == "phone":
            card = replace(card, phone=journey.person.phone, updated_at=at)
        elif what == "consent":
            card = replace(card, sms_consent="N" if card.sms_consent == "Y" else "Y", sms_consent_at=at, updated_at=at)
            card = replace(card, consent_text_version="2026-01")
        else:
            card = replace(card, tmall_ouid=known[journey.person.id].ouid, updated_at=at)
        versions.append(card)
    return versions
