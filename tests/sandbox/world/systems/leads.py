"""Leads that come as lists: baby fairs and in-store events, and the console exports of Xiaohongshu and Zhihu."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import TYPE_CHECKING

from tests.sandbox.world.calendar import moment
from tests.sandbox.world.facts import Fact, in_order, text
from tests.sandbox.world.model import BRAND, Account
from tests.sandbox.world.wechat import slip, spelt

if TYPE_CHECKING:
    from tests.sandbox.world import World
    from tests.sandbox.world.truth import Identifier

ACTS = frozenset({"lead"})


def leads(world: World) -> list[Fact]:
    """People who left a number before they followed, visited or bought: most right, some mistyped."""
    rng = world.dice("leads")
    found = []
    for number, journey in enumerate(world.living, 1):
        likely = {"new_fan": 0.30, "old_fan": 0.08, "regular": 0.06, "store_shopper": 0.05}
        if rng.random() > likely.get(journey.person.persona, 0.02):
            continue
        day = journey.follows_on or world.calendar.ago(rng.randint(0, world.calendar.history_days))
        at = moment(rng, max(day - timedelta(days=rng.randint(0, 2)), world.calendar.first), 10, 20)
        phone = journey.phone_on(at.date())
        row = {
            "lead_id": f"L{number:07d}",
            "origin": rng.choice(("baby_fair", "store_event", "xiaohongshu_export", "zhihu_export")),
            "campaign": rng.choice(("待产包", "双11预热", "辅食课堂")),
            "captured_at": text(at),
            "name": journey.person.name if rng.random() < 0.7 else "",
            "phone": slip(rng, phone) if rng.random() < 0.04 else spelt(rng, phone),
            "baby_birthday": (at.date() - timedelta(days=rng.randint(-120, 500))).isoformat(),
            "store_code": journey.person.store,
            "consent": rng.choice(("Y", "Y", "N")),
            "note": "",
        }
        found.append(Fact(at, row, journey.person.id))
    return in_order(found)


def accounts(world: World) -> Iterator[tuple[Account, str]]:
    """Every lead is an account of its own."""
    for fact in world.chapter(leads):
        yield ("lead", BRAND, fact.row["lead_id"]), fact.person


def evidence(world: World, day: date) -> Iterator[tuple[Account, set[Identifier]]]:
    """The phone that was left."""
    from tests.sandbox.world.truth import night, own_phone

    for fact in world.chapter(leads):
        if world.calendar.first <= fact.at.date() and fact.at < night(day):
            yield ("lead", BRAND, fact.row["lead_id"]), own_phone(world, fact.row["phone"], fact.person)
