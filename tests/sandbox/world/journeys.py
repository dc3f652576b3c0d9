"""When each person does what: one journey per person, decided before any system writes it down."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import date, timedelta

from tests.sandbox.world.calendar import Calendar, between
from tests.sandbox.world.model import Person
from tests.sandbox.world.people import Cast, Persona, persona_of

_TRADES_BEFORE = 14
"""Days before the history whose trades are still finished, and so modified, inside it."""


@dataclass(slots=True)
class Journey:
    """The decisions of one life with the brand; a None or empty means it never happens."""

    person: Person
    card_on: date | None = None
    card_used_on: date | None = None
    """The last use of the card before the history begins."""
    extra_cards: int = 0
    card_phone: str = ""
    phone_changes_on: date | None = None
    shop_member_on: date | None = None
    follows_on: date | None = None
    leaves_on: date | None = None
    staff_adds_on: date | None = None
    store_days: list[date] = field(default_factory=list)
    trade_days: list[date] = field(default_factory=list)
    visit_days: list[date] = field(default_factory=list)

    def phone_on(self, day: date) -> str:
        """The number this person gives on `day`."""
        changed = self.phone_changes_on is not None and day >= self.phone_changes_on
        return self.person.phone if changed else self.card_phone


def plan(cast: Cast, rng: random.Random, calendar: Calendar) -> list[Journey]:
    """Decide every journey."""
    return [_journey(person, cast, rng, calendar) for person in cast.people]


def _journey(person: Person, cast: Cast, rng: random.Random, calendar: Calendar) -> Journey:
    persona = persona_of(person)
    journey = Journey(person, card_phone=cast.phone_of_partner.get(person.id, person.phones[0]))
    _membership(journey, cast, persona, rng, calendar)
    _wechat(journey, persona, rng, calendar)
    _purchases(journey, persona, rng, calendar)
    _visits(journey, persona, rng, calendar)
    return journey


def _membership(journey: Journey, cast: Cast, persona: Persona, rng: random.Random, calendar: Calendar) -> None:
    """Decide on the store card and the shop membership."""
    person = journey.person
    special = person.id in cast.new_number | cast.gave_up_number | cast.changes_phone | set(cast.phone_of_partner)
    if special or rng.random() < persona.has_card:
        journey.card_on = _card_day(person, cast, rng, calendar)
        silent = person.id in cast.gave_up_number or persona.name == "lapsed"
        journey.card_used_on = calendar.ago(rng.randint(160, 380) if silent else rng.randint(31, 80))
        journey.card_used_on = max(journey.card_on, journey.card_used_on)
    if person.id in cast.changes_phone:
        journey.card_on = min(journey.card_on or calendar.first, calendar.ago(60))
        journey.phone_changes_on = calendar.ago(rng.randint(-2, 25))
    if persona.name == "reseller":
        journey.extra_cards = rng.randint(3, 5)
    if rng.random() < persona.joins_shop:
        recently = rng.random() < 0.25
        journey.shop_member_on = calendar.ago(rng.randint(-1, 30) if recently else rng.randint(31, 900))


def _card_day(person: Person, cast: Cast, rng: random.Random, calendar: Calendar) -> date:
    """The day the card was made: years ago for most, in the history for some."""
    if person.id in cast.new_number:
        return calendar.ago(rng.randint(5, 50))
    if person.id in cast.gave_up_number or person.persona == "lapsed":
        return calendar.ago(rng.randint(400, 1400))
    if rng.random() < 0.12:
        return calendar.ago(rng.randint(-2, 30))
    return calendar.ago(rng.randint(40, 1100))


def _wechat(journey: Journey, persona: Persona, rng: random.Random, calendar: Calendar) -> None:
    """Decide on following the official account and on being in a guide's address book."""
    if rng.random() < persona.follows:
        new = persona.name == "new_fan" or rng.random() < 0.1
        journey.follows_on = calendar.ago(rng.randint(-2, 13) if new else rng.randint(14, 1000))
        if rng.random() < 0.08:
            journey.leaves_on = between(rng, journey.follows_on + timedelta(days=1), calendar.last)
    if rng.random() < persona.adds_staff:
        if journey.card_on is not None and journey.card_used_on is not None:
            journey.staff_adds_on = between(rng, journey.card_on, journey.card_used_on)
        else:
            journey.staff_adds_on = calendar.ago(rng.randint(-2, 20))


def _purchases(journey: Journey, persona: Persona, rng: random.Random, calendar: Calendar) -> None:
    """Decide the days of buying, store or Tmall, back from a last one drawn over 40 days."""
    in_store, online = rng.random() < persona.shops_in_store, rng.random() < persona.shops_online
    if not in_store and not online:
        return
    earliest = calendar.first - timedelta(days=_TRADES_BEFORE)
    day = _last_purchase(rng, calendar, online)
    more = 18 if persona.name == "reseller" else rng.choices((0, 1, 2, 3), (50, 28, 15, 7))[0]
    days = [day]
    for _ in range(more):
        day -= timedelta(days=rng.randint(1, 3) if persona.name == "reseller" else rng.randint(8, 26))
        days.append(day)
    days += [after for after in (calendar.ago(-1), calendar.ago(-2)) if rng.random() < 0.035]
    for day in days:
        if day < earliest:
            continue
        if online and (not in_store or day < calendar.first or rng.random() < 0.5):
            journey.trade_days.append(day)
        elif in_store and day >= calendar.first:
            journey.store_days.append(day)


def _last_purchase(rng: random.Random, calendar: Calendar, online: bool) -> date:
    """A day of the last 40, with its weight: Double 11 online, the weekend in the stores, the last day."""
    days = [calendar.ago(n) for n in range(40)]
    festival = date(calendar.business_date.year, 11, 11)
    weights = [(4.0 if day == festival else 1.0) if online else (1.4 if day.weekday() >= 5 else 1.0) for day in days]
    weights[0] = 2.5
    return rng.choices(days, weights)[0]


def _visits(journey: Journey, persona: Persona, rng: random.Random, calendar: Calendar) -> None:
    """Decide the visits: before four in ten purchases, and some that end without one."""
    journey.visit_days = [day for day in journey.store_days if rng.random() < 0.4]
    if rng.random() < persona.visits:
        journey.visit_days += [calendar.ago(rng.randint(-2, calendar.history_days)) for _ in range(rng.randint(1, 2))]
