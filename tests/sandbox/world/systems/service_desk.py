"""The service desk: tickets with their changes, reviews, and answers to surveys."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import TYPE_CHECKING

from tests.sandbox.world.calendar import moment
from tests.sandbox.world.facts import Fact, in_order, text
from tests.sandbox.world.model import BRAND, Account

if TYPE_CHECKING:
    from tests.sandbox.world import World
    from tests.sandbox.world.truth import Identifier

ACTS = frozenset({"service_ticket", "survey_answer"})

_TOPICS = ("物流", "退换货", "喂养咨询", "会员权益", "产品质量")
_BODIES = ("宝宝很喜欢，会回购", "包装有点破，味道可以", "发货很快", "比门店便宜", "尺码偏小")


def tickets(world: World) -> list[Fact]:
    """A row whenever a ticket is opened or solved; the caller is known by phone, and by card where one was named."""
    rng = world.dice("service desk tickets")
    cards = {card.person: card.member_card for card in reversed(world.cards)}
    found = []
    for number, journey in enumerate(world.living, 1):
        if rng.random() > 0.10:
            continue
        opened = moment(rng, world.calendar.ago(rng.randint(-2, world.calendar.history_days)), 9, 20)
        solved = opened + timedelta(minutes=rng.randint(20, 3 * 1440))
        row = {
            "ticket_id": f"T{number:07d}",
            "channel": rng.choice(("phone", "wecom", "tmall", "app")),
            "opened_at": text(opened),
            "updated_at": text(opened),
            "status": "open",
            "topic": rng.choice(_TOPICS),
            "phone": journey.phone_on(opened.date()),
            "member_card": cards.get(journey.person.id, "") if rng.random() < 0.4 else "",
            "order_no": "",
            "agent_id": rng.choice(("a01", "a02", "a03")),
            "satisfaction": "",
        }
        found.append(Fact(opened, row, journey.person.id))
        if rng.random() < 0.9:
            rated = str(rng.randint(3, 5)) if rng.random() < 0.5 else ""
            after = {**row, "updated_at": text(solved), "status": "solved", "satisfaction": rated}
            found.append(Fact(solved, after, journey.person.id))
    return in_order(found)


def reviews(world: World) -> list[Fact]:
    """What buyers wrote about a line of their order, some days after it arrived."""
    rng = world.dice("service desk reviews")
    found = []
    for trade in world.trades:
        if trade.finished_at is None or rng.random() > 0.3:
            continue
        at = trade.finished_at + timedelta(hours=rng.randint(1, 72))
        row = {
            "review_id": f"R{trade.tid}",
            "reviewed_at": text(at),
            "platform": "tmall",
            "order_no": str(trade.tid),
            "sku": trade.lines[0].sku,
            "stars": str(rng.choices((5, 4, 3, 1), (70, 18, 8, 4))[0]),
            "body": rng.choice(_BODIES),
        }
        found.append(Fact(at, row, trade.person))
    return in_order(found)


def surveys(world: World) -> list[Fact]:
    """Answers to "would you recommend us", asked after a visit; who answers in WeChat is known by unionid."""
    rng = world.dice("service desk surveys")
    found = []
    for visit in world.visits:
        if rng.random() > 0.25:
            continue
        at = visit.visited_at + timedelta(hours=rng.randint(1, 20))
        score = rng.choices((10, 9, 8, 7, 5, 2), (30, 25, 20, 12, 9, 4))[0]
        row = {
            "survey_id": f"N{visit.visit_id}",
            "answered_at": text(at),
            "touchpoint": "store_visit",
            "store_code": visit.store,
            "member_card": visit.member_card,
            "unionid": world.person(visit.person).unionid if rng.random() < 0.6 else "",
            "score": str(score),
            "comment": rng.choice(_BODIES) if rng.random() < 0.3 else "",
        }
        found.append(Fact(at, row, visit.person))
    return in_order(found)


def accounts(world: World) -> Iterator[tuple[Account, str]]:
    """Tickets and answers that name no card: each is an account of its own."""
    for kind, chapter, name in (("service_ticket", tickets, "ticket_id"), ("survey_answer", surveys, "survey_id")):
        for fact in world.chapter(chapter):
            if not fact.row["member_card"]:
                yield (kind, BRAND, fact.row[name]), fact.person


def evidence(world: World, day: date) -> Iterator[tuple[Account, set[Identifier]]]:
    """The phone of a ticket and the unionid of an answer; what names a card is evidence about the card."""
    from tests.sandbox.world.truth import night, own_phone

    for fact in world.chapter(tickets):
        if world.calendar.first <= fact.at.date() and fact.at < night(day):
            if card := fact.row["member_card"]:
                yield ("store_member", BRAND, card), set()
            else:
                account = ("service_ticket", BRAND, fact.row["ticket_id"])
                yield account, own_phone(world, fact.row["phone"], fact.person)
    for fact in world.chapter(surveys):
        if world.calendar.first <= fact.at.date() and fact.at < night(day):
            card, unionid = fact.row["member_card"], fact.row["unionid"]
            account = ("store_member", BRAND, card) if card else ("survey_answer", BRAND, fact.row["survey_id"])
            if card or unionid:
                yield account, ({("unionid", unionid, fact.person)} if unionid else set())
