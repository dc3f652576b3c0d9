"""The chapter of the stores: receipts, returns, clerks' habits, visits."""

from __future__ import annotations

import random
from collections import Counter
from datetime import date, datetime, timedelta

from tests.sandbox.world.calendar import Calendar, between, moment
from tests.sandbox.world.catalogue import CLOSED_STORE, GIFT, GUIDES, ITEMS, STORES
from tests.sandbox.world.journeys import Journey
from tests.sandbox.world.model import Card, Person, Receipt, ReceiptLine, Visit
from tests.sandbox.world.people import Cast
from tests.sandbox.world.wechat import slip, spelt

_PAY_WAYS = ("WXPAY", "ALIPAY", "CARD", "CASH")


class Till:
    """Writes receipts; numbers run per store and day."""

    def __init__(self, rng: random.Random, calendar: Calendar) -> None:
        self._rng = rng
        self._calendar = calendar
        self._numbers: Counter[tuple[str, date]] = Counter()
        self.receipts: list[Receipt] = []

    def sell(self, store: str, day: date, *, person: str, card: str = "", phone: str = "", many: bool = False) -> None:
        """Ring up a sale and, in 5 of 100 cases, its return some days later."""
        rng = self._rng
        lines = tuple(
            ReceiptLine(item.item_no, quantity := _quantity(rng, many), item.fen * quantity, "A")
            for item in rng.sample(ITEMS, rng.choices((1, 2, 3), (50, 35, 15))[0])
        )
        if card and rng.random() < 0.08:
            lines += (ReceiptLine(GIFT.item_no, 1, 0, "C"),)
        sale = self._ring_up(store, _open_day(store, day), lines, person=person, card=card, phone=phone)
        if rng.random() < 0.05:
            back = _open_day(store, sale.sold_at.date() + timedelta(days=rng.randint(2, 9)))
            line = next(line for line in sale.lines if line.sell_way == "A")
            returned = (ReceiptLine(line.item_no, line.quantity, line.fen, "B"),)
            if back <= self._calendar.last:
                self._ring_up(store, back, returned, person=person, card=card, phone=phone, original=sale.receipt_no)

    def _ring_up(
        self,
        store: str,
        day: date,
        lines: tuple[ReceiptLine, ...],
        *,
        person: str,
        card: str,
        phone: str,
        original: str = "",
    ) -> Receipt:
        rng = self._rng
        self._numbers[store, day] += 1
        receipt = Receipt(
            store=store,
            receipt_no=f"{day:%y%m%d}{self._numbers[store, day]:04d}",
            sold_at=moment(rng, day, 10, 22),
            lines=lines,
            pay_way=rng.choices(_PAY_WAYS, (55, 30, 10, 5))[0],
            member_card=card,
            phone=phone,
            guide_id=rng.choice(GUIDES[store]),
            original_receipt_no=original,
            late=rng.random() < 0.01,
            person=person,
        )
        self.receipts.append(receipt)
        return receipt


def receipts(
    journeys: list[Journey], held: list[Card], cast: Cast, rng: random.Random, calendar: Calendar
) -> list[Receipt]:
    """Every receipt of the lived days."""
    till = Till(rng, calendar)
    card_of = cards_by_person(held)
    for journey in journeys:
        person = journey.person
        for day in journey.store_days:
            card = card_of.get(person.id) if rng.random() > 0.08 else None
            used = card.member_card if card and card.registered_at.date() <= day else ""
            phone = _typed(rng, journey.phone_on(day), likely=0.10 if used else 0.55)
            till.sell(person.store, day, person=person.id, card=used, phone=phone, many=person.persona == "reseller")
    _strangers(till, cast, rng, calendar)
    return sorted(till.receipts, key=lambda receipt: (receipt.sold_at, receipt.store, receipt.receipt_no))


def _strangers(till: Till, cast: Cast, rng: random.Random, calendar: Calendar) -> None:
    """Walk-ins: those with a number of their own, and those for whom a clerk types hers."""
    number = 0
    for phone in cast.spare_phones:
        number += 1
        day = between(rng, calendar.first, calendar.last)
        till.sell(rng.choice(STORES), day, person=f"stranger-{number:04d}", phone=_typed(rng, phone, likely=0.8))
    for store, phone in zip(STORES, cast.clerk_phones, strict=False):
        for _ in range(26 + len(cast.people) // 100):
            number += 1
            day = between(rng, calendar.first, calendar.business_date)
            till.sell(store, day, person=f"stranger-{number:04d}", phone=phone)


def visits(journeys: list[Journey], held: list[Card], rng: random.Random, calendar: Calendar) -> list[Visit]:
    """Every visit a store noticed; each names what the customer happened to show, one in eight nothing."""
    card_of = cards_by_person(held)
    numbers: Counter[tuple[str, date]] = Counter()
    found: list[Visit] = []
    for journey in journeys:
        for wanted in journey.visit_days:
            day = _open_day(journey.person.store, wanted)
            numbers[journey.person.store, day] += 1
            visit_id = f"V{journey.person.store}{day:%Y%m%d}{numbers[journey.person.store, day]:04d}"
            found.append(_visit(journey, card_of.get(journey.person.id), visit_id, moment(rng, day, 10, 22), rng))
    return sorted(found, key=lambda visit: (visit.visited_at, visit.visit_id))


def _visit(journey: Journey, card: Card | None, visit_id: str, at: datetime, rng: random.Random) -> Visit:
    person: Person = journey.person
    channel = rng.choices(("walk_in", "mini_program", "appointment"), (55, 30, 15))[0]
    shows_card = card is not None and card.registered_at < at and rng.random() < 0.45
    shows_wechat = channel == "mini_program" or rng.random() < 0.25
    gives_phone = channel == "appointment" or rng.random() < 0.20
    return Visit(
        store=person.store,
        visit_id=visit_id,
        visited_at=at,
        member_card=card.member_card if card and shows_card else "",
        unionid=person.unionid if shows_wechat else "",
        phone=journey.phone_on(at.date()) if gives_phone else "",
        guide_id=rng.choice(GUIDES[person.store]),
        channel=channel,
        person=person.id,
    )


def cards_by_person(held: list[Card]) -> dict[str, Card]:
    """The card a person shows: the first made."""
    found: dict[str, Card] = {}
    for card in held:
        if card.person not in found or card.registered_at < found[card.person].registered_at:
            found[card.person] = card
    return found


def _typed(rng: random.Random, phone: str, *, likely: float) -> str:
    """What the clerk typed of this number: mostly nothing or right, sometimes a slip or a mask."""
    if rng.random() > likely:
        return ""
    lot = rng.random()
    if lot < 0.04:
        return slip(rng, phone)
    if lot < 0.06:
        return f"{phone[:3]}****{phone[7:]}"
    return spelt(rng, phone)


def _quantity(rng: random.Random, many: bool) -> int:
    return rng.randint(6, 20) if many else rng.choices((1, 2, 3), (75, 18, 7))[0]


def _open_day(store: str, day: date) -> date:
    """The day itself; a day later when the store is closed."""
    return day + timedelta(days=1) if store == CLOSED_STORE and day.weekday() == 0 else day
