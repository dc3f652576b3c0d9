"""Advertising on any platform: what each advertisement brought per day, and the leads people left on its form.

A lead is somebody of the world who left a number before following, visiting or buying, so one journey crosses the
advertisement, the official account and the store. Times are aware (Asia/Shanghai), money is integer fen.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from tests.sandbox.world.calendar import moment
from tests.sandbox.world.journeys import Journey
from tests.sandbox.world.model import Account
from tests.sandbox.world.wechat import slip

if TYPE_CHECKING:
    from tests.sandbox.world import World
    from tests.sandbox.world.truth import Identifier

RIPENESS = {0: 70, 1: 90}
"""Hundredths of the conversions that are counted, by age in days: some convert days after the click."""

_SHARE = {"new_fan": 0.5, "passer_by": 0.3, "online": 0.12, "old_fan": 0.12, "regular": 0.1, "store_shopper": 0.1}
_TYPOS = 0.05


@dataclass(frozen=True, slots=True)
class Ad:
    """An advertisement and what it is grouped under: project and promotion, or adgroup and creative."""

    group_id: int
    group_name: str
    id: int
    name: str


@dataclass(frozen=True, slots=True)
class AdDay:
    """The final figures of one advertisement on one day."""

    ad: Ad
    day: date
    cost_fen: int
    shown: int
    clicked: int
    converted: int

    def converted_by(self, today: date) -> int:
        """The conversions that are counted on the night of `today`."""
        return self.converted * RIPENESS.get((today - self.day).days, 100) // 100


@dataclass(frozen=True, slots=True)
class AdLead:
    """What somebody typed into the form of an advertisement; `phone` is theirs but for slips of the finger."""

    number: int
    ad: Ad
    left_at: datetime
    name: str
    phone: str
    wechat: str
    email: str
    click_id: str
    person: str


def ads(groups: Mapping[str, Sequence[str]], first_group: int, first_ad: int) -> list[Ad]:
    """The advertisements of some groups, numbered from two first ids."""
    return [
        Ad(first_group + nth * 7, group, first_ad + nth * 1000 + number * 11, f"{group}-{name}")
        for nth, (group, names) in enumerate(groups.items())
        for number, name in enumerate(names)
    ]


def leads(world: World, system: str, of: Sequence[Ad]) -> list[AdLead]:
    """Every lead left with one platform, oldest first."""
    rng = world.dice(f"{system} leads")
    found = [
        _lead(world, journey, rng.choice(of), rng)
        for journey in world.living
        if rng.random() < _SHARE.get(journey.person.persona, 0.0)
    ]
    in_order = sorted(found, key=lambda lead: (lead.left_at, lead.person))
    return [replace(lead, number=number) for number, lead in enumerate(in_order, 1)]


def _lead(world: World, journey: Journey, ad: Ad, rng: random.Random) -> AdLead:
    person, calendar = journey.person, world.calendar
    first_act = min([*filter(None, (journey.follows_on,)), *journey.visit_days, *journey.store_days], default=None)
    day = first_act or calendar.ago(rng.randint(-2, calendar.history_days))
    left_at = moment(rng, min(max(day - timedelta(days=rng.randint(0, 3)), calendar.first), calendar.last), 7, 24)
    changed = journey.phone_changes_on is not None and left_at.date() >= journey.phone_changes_on
    phone = person.phone if changed else person.phones[0]
    return AdLead(
        number=0,
        ad=ad,
        left_at=left_at,
        name=rng.choice((person.name, person.name, f"{person.name[0]}女士", "")),
        phone=slip(rng, phone) if rng.random() < _TYPOS else phone,
        wechat=f"wx_{person.id}" if rng.random() < 0.2 else "",
        email=f"{person.id}@example.com" if rng.random() < 0.05 else "",
        click_id=f"{rng.randrange(16**32):032x}",
        person=person.id,
    )


def days(world: World, system: str, of: Sequence[Ad], left: Sequence[AdLead]) -> list[AdDay]:
    """What each advertisement brought on each lived day, in scale with the population; a lead is a conversion."""
    rng = world.dice(f"{system} days")
    converted = Counter((lead.ad.id, lead.left_at.date()) for lead in left)
    return [
        _day(ad, day, len(world.people), converted[ad.id, day], rng)
        for day in world.calendar.days()
        for ad in of
        if rng.random() > 0.05 or converted[ad.id, day]
    ]


def _day(ad: Ad, day: date, people: int, left: int, rng: random.Random) -> AdDay:
    shown = int(rng.uniform(10, 40) * people)
    clicked = max(int(shown * rng.uniform(0.01, 0.03)), left)
    converted = left + int(clicked * rng.uniform(0.02, 0.06))
    return AdDay(ad, day, clicked * rng.randint(80, 240), shown, clicked, converted)


def accounts(account_type: str, scope: str, left: Sequence[AdLead]) -> Iterator[tuple[Account, str]]:
    """Each lead is an account of its own: an act, of which a person may have many."""
    for lead in left:
        yield (account_type, scope, lead_id(lead)), lead.person


def evidence(
    world: World, account_type: str, scope: str, left: Sequence[AdLead], day: date
) -> Iterator[tuple[Account, set[Identifier]]]:
    """The leads seen by the night of `day`, each with its phone where it was typed right."""
    from tests.sandbox.world.truth import night, own_phone

    for lead in left:
        if lead.left_at < night(day):
            yield (account_type, scope, lead_id(lead)), own_phone(world, lead.phone, lead.person)


def lead_id(lead: AdLead) -> str:
    """The platform's number of a lead, above 2^53."""
    return str(7_600_000_000_000_000_000 + lead.number * 1009)
