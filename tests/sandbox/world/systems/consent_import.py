"""Consents from elsewhere: a newsletter form, the call centre, the counter's tablet, as the brand lists them."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

from tests.sandbox.world.calendar import moment
from tests.sandbox.world.facts import Fact, in_order, text
from tests.sandbox.world.model import BRAND

if TYPE_CHECKING:
    from tests.sandbox.world import World
    from tests.sandbox.world.model import Card

_ACTS = (("email_consent", 0.3), ("call_consent", 0.15), ("advertising_consent", 0.25), ("handover_consent", 0.1))


def entries(world: World) -> list[Fact]:
    """Members who agreed to mail, calls, advertising or a hand-over; a few refuse, and some are known by phone only."""
    rng = world.dice("consent import")
    newest = {card.member_card: card for card in world.cards}
    found = []
    for number, card in enumerate(newest.values(), 1):
        for act, share in _ACTS:
            if rng.random() < share:
                at = moment(rng, world.calendar.ago(rng.randint(-2, world.calendar.history_days)), 9, 20)
                entry = f"{number:06d}{act}"
                row = _row(card, act, rng) | {"entry_id": entry, "decided_at": text(at), "text_version": "2026-03"}
                found.append(Fact(at, row, card.person))
    return in_order(found)


def _row(card: Card, act: str, rng: random.Random) -> dict[str, Any]:
    by_phone = act == "call_consent" and card.phone.isdigit() and rng.random() < 0.3
    return {
        "account_type": "" if by_phone else "store_member",
        "scope": "" if by_phone else BRAND,
        "account_id": "" if by_phone else card.member_card,
        "phone": card.phone if by_phone else "",
        "email": f"m{card.member_card}@example.com" if act == "email_consent" else "",
        "act": act,
        "is_granted": str(rng.random() < 0.85),
    }
