"""Who the people are: personas in fixed shares, their numbers, households, recycled numbers, birthdays."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from datetime import date, timedelta

from tests.sandbox.world.calendar import Calendar, between, code
from tests.sandbox.world.catalogue import GIVEN, MOBILE_PREFIXES, STORES, SURNAMES
from tests.sandbox.world.model import Person


@dataclass(frozen=True, slots=True)
class Persona:
    """A story many people live: the share of the population and the chance of each trait."""

    name: str
    share: float
    has_card: float
    shops_online: float
    joins_shop: float
    shops_in_store: float
    follows: float
    adds_staff: float
    visits: float


PERSONAS = (
    Persona("regular", 0.30, 0.92, 0.60, 0.70, 0.85, 0.60, 0.55, 0.50),
    Persona("online", 0.20, 0.12, 1.00, 0.65, 0.05, 0.30, 0.12, 0.05),
    Persona("store_shopper", 0.16, 0.75, 0.08, 0.50, 1.00, 0.30, 0.40, 0.45),
    Persona("new_fan", 0.14, 0.00, 0.00, 0.00, 0.00, 1.00, 0.40, 0.25),
    Persona("old_fan", 0.08, 0.10, 0.00, 0.00, 0.00, 1.00, 0.20, 0.10),
    Persona("lapsed", 0.07, 1.00, 0.00, 0.00, 0.00, 0.25, 0.40, 0.00),
    Persona("passer_by", 0.05, 0.00, 0.00, 0.00, 1.00, 0.05, 0.02, 0.20),
)
RESELLER = Persona("reseller", 0.0, 1.00, 1.00, 1.00, 1.00, 0.50, 1.00, 0.00)


@dataclass(frozen=True, slots=True)
class Cast:
    """The people, and the lots drawn for some of them (by person id)."""

    people: list[Person]
    new_number: frozenset[str]
    """Live with a number another person gave up long ago."""
    gave_up_number: frozenset[str]
    """Silent for 150 days and more; their number has a new owner."""
    changes_phone: frozenset[str]
    phone_of_partner: dict[str, str]
    """Give their partner's number at the till."""
    clerk_phones: tuple[str, ...]
    """Typed by clerks for customers who give none."""
    spare_phones: tuple[str, ...]
    """Of strangers, who have no other account."""


def persona_of(person: Person) -> Persona:
    """The story of this person."""
    return next(persona for persona in (*PERSONAS, RESELLER) if persona.name == person.persona)


def generate(count: int, rng: random.Random, calendar: Calendar) -> Cast:
    """Draw the people. Small worlds still have one of each oddity."""
    resellers = max(1, count // 700)
    personas = _shares(count - resellers) + [RESELLER] * resellers
    numbers = _Numbers(rng)
    people: list[Person] = []
    seen: dict[str, int] = {}
    for index, persona in enumerate(personas):
        nth = seen[persona.name] = seen.get(persona.name, -1) + 1
        people.append(
            Person(
                id=f"p{index + 1:05d}",
                persona=persona.name,
                name=rng.choice(SURNAMES) + rng.choice(GIVEN),
                phones=(numbers.fresh(),),
                birthday=_birthday(rng, nth, calendar),
                unionid=code(rng, "oU5", 28),
                store=rng.choice(STORES),
            )
        )
    return _oddities(people, count, numbers)


def _shares(count: int) -> list[Persona]:
    """Personas in their shares, the rest to the first."""
    personas = [persona for persona in PERSONAS for _ in range(int(count * persona.share))]
    return [PERSONAS[0]] * (count - len(personas)) + personas


def _birthday(rng: random.Random, nth: int, calendar: Calendar) -> date:
    """A birthday; a twentieth of every persona has it on each of the three nights' days, and on the week after."""
    born = between(rng, date(1984, 1, 1), date(2002, 12, 31))
    if nth % 20 > 4:
        return born
    ahead = nth % 20 if nth % 20 < 3 else rng.randint(3, 7)
    if nth % 200 == 4:
        return date(1992, 2, 29)
    feast = calendar.business_date + timedelta(days=ahead)
    return born.replace(month=feast.month, day=min(feast.day, 28) if feast.month == 2 else feast.day)


def _oddities(people: list[Person], count: int, numbers: _Numbers) -> Cast:
    """Recycled numbers, changed phones and couples with one phone: about 1, 2 and 3 in a hundred."""
    by_persona: dict[str, list[int]] = {}
    for index, person in enumerate(people):
        by_persona.setdefault(person.persona, []).append(index)
    regulars, shoppers = by_persona["regular"], by_persona.get("store_shopper", [])
    recycled = list(zip(by_persona.get("lapsed", []), regulars, strict=False))[: max(1, count // 100)]
    for old, new in recycled:
        people[new] = replace(people[new], phones=people[old].phones)
    start = len(recycled)
    changing = regulars[start : start + max(1, count // 50)]
    for index in changing:
        people[index] = replace(people[index], phones=(people[index].phone, numbers.fresh()))
    start += len(changing)
    couples = list(zip(regulars[start:], shoppers, strict=False))[: max(1, count // 66)]
    for number, (one, other) in enumerate(couples):
        people[one] = replace(people[one], household=f"h{number + 1:03d}")
        people[other] = replace(people[other], household=f"h{number + 1:03d}", store=people[one].store)
    return Cast(
        people=people,
        new_number=frozenset(people[new].id for _, new in recycled),
        gave_up_number=frozenset(people[old].id for old, _ in recycled),
        changes_phone=frozenset(people[index].id for index in changing),
        phone_of_partner={people[other].id: people[one].phone for one, other in couples},
        clerk_phones=tuple(numbers.fresh() for _ in range(3)),
        spare_phones=tuple(numbers.fresh() for _ in range(max(10, count // 20))),
    )


class _Numbers:
    """Mobile numbers, each given out once."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self._given: set[str] = set()

    def fresh(self) -> str:
        while True:
            number = self._rng.choice(MOBILE_PREFIXES) + f"{self._rng.randrange(10**8):08d}"
            if number not in self._given:
                self._given.add(number)
                return number
