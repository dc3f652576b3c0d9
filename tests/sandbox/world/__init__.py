"""One seeded population with the truth of who is who; every fake platform shows a part of it.

`World.generate(people, seed, business_date)` is a pure function of its arguments. The days from `calendar.first` to
`calendar.last` (two days past the business date) are lived in full; memberships and fans may be years old.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Any, TypeVar

from tests.sandbox.world import cards, journeys, media, names, people, shop, stores, truth, wechat
from tests.sandbox.world.calendar import Calendar, code
from tests.sandbox.world.catalogue import GUIDES
from tests.sandbox.world.facts import Fact
from tests.sandbox.world.journeys import Journey
from tests.sandbox.world.model import (
    Account,
    Card,
    Contact,
    CreativeDay,
    Follower,
    Person,
    Receipt,
    Visit,
)
from tests.sandbox.world.score import Mark
from tests.sandbox.world.trade import Refund, ShopMember, Trade

T = TypeVar("T")


@dataclass
class World:
    """The people and what they did; see `model` for the nouns, `truth` for who is who, `systems` for all the rest."""

    seed: int
    calendar: Calendar
    journeys: list[Journey] = field(repr=False)
    gave_up_number: frozenset[str] = field(repr=False)
    people: list[Person] = field(repr=False)
    staff: list[str] = field(repr=False)
    clerk_phones: tuple[str, ...] = field(repr=False)
    followers: list[Follower] = field(repr=False)
    contacts: list[Contact] = field(repr=False)
    cards: list[Card] = field(repr=False)
    receipts: list[Receipt] = field(repr=False)
    visits: list[Visit] = field(repr=False)
    trades: list[Trade] = field(repr=False)
    shop_members: list[ShopMember] = field(repr=False)
    creative_days: list[CreativeDay] = field(repr=False)
    reported: list[Fact] = field(default_factory=list, repr=False)
    """What apps tell of the brand's own popups: of all that happens here, the only thing that follows from a night."""
    _chapters: dict[Callable[[World], Any], Any] = field(default_factory=dict, repr=False)

    @classmethod
    def generate(cls, people_count: int, seed: int, business_date: date, history_days: int = 30) -> World:
        """Let `people_count` people live; the same arguments give the same world. Each chapter has its own dice."""

        def dice(chapter: str) -> random.Random:
            return random.Random(f"{seed}:{chapter}")

        calendar = Calendar(business_date, history_days)
        cast = people.generate(people_count, dice("people"), calendar)
        lives = journeys.plan(cast, dice("journeys"), calendar)
        buyers = shop.buyers(lives, dice("buyers"))
        held = cards.cards(lives, buyers, dice("cards"), calendar)
        return cls(
            seed=seed,
            calendar=calendar,
            journeys=lives,
            gave_up_number=cast.gave_up_number,
            people=cast.people,
            staff=[guide for guides in GUIDES.values() for guide in guides],
            clerk_phones=cast.clerk_phones,
            followers=wechat.followers(lives, dice("followers")),
            contacts=names.in_remarks(wechat.contacts(lives, dice("contacts"), calendar), dice("remarks")),
            cards=names.on_cards(held, dice("names")),
            receipts=stores.receipts(lives, held, cast, dice("receipts"), calendar),
            visits=stores.visits(lives, held, dice("visits"), calendar),
            trades=shop.trades(lives, buyers, dice("trades")),
            shop_members=shop.members(lives, buyers, dice("shop members")),
            creative_days=media.creative_days(people_count, dice("media"), calendar),
        )

    def dice(self, chapter: str) -> random.Random:
        """Dice of its own for a chapter: whatever else is drawn, they fall the same."""
        return random.Random(f"{self.seed}:{chapter}")

    def chapter(self, write: Callable[[World], T]) -> T:
        """What `write` makes of this world, made once."""
        if write not in self._chapters:
            self._chapters[write] = write(self)
        found: T = self._chapters[write]
        return found

    def code(self, what: str, of: str, prefix: str, length: int) -> str:
        """An opaque identifier: `what` a platform calls `of` (a person, an order), the same on every call."""
        return code(self.dice(f"{what}:{of}"), prefix, length)

    @cached_property
    def living(self) -> list[Journey]:
        """The journeys that go on: whoever gave a number up is silent since, and somebody else answers it."""
        return [journey for journey in self.journeys if journey.person.id not in self.gave_up_number]

    def person(self, person_id: str) -> Person:
        """Somebody by id."""
        return self._people_by_id[person_id]

    @cached_property
    def _people_by_id(self) -> dict[str, Person]:
        return {person.id: person for person in self.people}

    @property
    def business_date(self) -> date:
        """The day the first night is about."""
        return self.calendar.business_date

    @cached_property
    def truth(self) -> dict[Account, str]:
        """Every account any platform ever shows -> its person."""
        return truth.accounts(self)

    @cached_property
    def provable(self) -> list[set[Account]]:
        """The groups that true evidence ties together on the first night."""
        return self.provable_on(self.business_date)

    def provable_on(self, day: date) -> list[set[Account]]:
        """The groups on the night of `day`, when every night since the business date was run."""
        return truth.provable(self, day)

    def marks_on(self, day: date) -> list[set[Mark]]:
        """What those groups show of which a person has one, in the same order."""
        return truth.marks(self, day)

    @cached_property
    def numbers_of(self) -> dict[str, frozenset[str]]:
        """The phones that are a person's own, by person id."""
        return {person.id: frozenset(person.phones) for person in self.people}

    @cached_property
    def name_of(self) -> dict[str, str]:
        """What a person is called, by person id."""
        return {person.id: person.name for person in self.people}

    @cached_property
    def trades_by_ouid(self) -> dict[str, list[Trade]]:
        """The trades of each buyer, oldest first."""
        found: dict[str, list[Trade]] = defaultdict(list)
        for trade in self.trades:
            found[trade.ouid].append(trade)
        return found

    @cached_property
    def trade_of(self) -> dict[int, Trade]:
        """The trade of each `tid`."""
        return {trade.tid: trade for trade in self.trades}

    @cached_property
    def refunds(self) -> list[Refund]:
        """Every refund."""
        return [trade.refund for trade in self.trades if trade.refund is not None]
