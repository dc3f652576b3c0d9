"""The loyalty system: coupons given out and used, the points ledger, and who invited whom, all by member card."""

from __future__ import annotations

from collections import defaultdict
from datetime import timedelta
from typing import TYPE_CHECKING

from tests.sandbox.world.calendar import moment
from tests.sandbox.world.facts import Fact, in_order, text, yuan

if TYPE_CHECKING:
    from tests.sandbox.world import World


def coupons(world: World) -> list[Fact]:
    """A coupon with every tenth receipt that shows a card; a third are used at the next one."""
    rng = world.dice("loyalty coupons")
    found, number = [], 0
    for receipt in world.receipts:
        if not receipt.member_card or rng.random() > 0.35:
            continue
        number += 1
        issued = receipt.sold_at + timedelta(minutes=2)
        row = {
            "act_id": f"C{number:07d}-1",
            "coupon_id": f"C{number:07d}",
            "batch": rng.choice(("618-BACK", "BABY-1", "FRIEND")),
            "act": "issued",
            "acted_at": text(issued),
            "member_card": receipt.member_card,
            "value_yuan": yuan(rng.choice((1000, 2000, 5000))),
            "order_no": "",
        }
        found.append(Fact(issued, row, receipt.person))
        if rng.random() < 0.4:
            used = issued + timedelta(days=rng.randint(1, 12))
            act = {**row, "act_id": f"C{number:07d}-2", "act": "used", "acted_at": text(used)}
            found.append(Fact(used, {**act, "order_no": f"{receipt.store}|{receipt.receipt_no}"}, receipt.person))
    return in_order(found)


def points(world: World) -> list[Fact]:
    """A point per yuan that was paid with a card, and its reversal on a return; the balance runs along."""
    balance: dict[str, int] = defaultdict(int)
    found = []
    for number, receipt in enumerate(world.receipts, 1):
        delta = sum(-line.fen if line.sell_way == "B" else line.fen for line in receipt.lines) // 100
        if not receipt.member_card or delta == 0:
            continue
        balance[receipt.member_card] += delta
        row = {
            "entry_id": f"P{number:08d}",
            "member_card": receipt.member_card,
            "booked_at": text(receipt.sold_at),
            "delta": str(delta),
            "reason": "return" if delta < 0 else "purchase",
            "balance": str(balance[receipt.member_card]),
            "order_no": f"{receipt.store}|{receipt.receipt_no}",
        }
        found.append(Fact(receipt.sold_at, row, receipt.person))
    return found


def invitations(world: World) -> list[Fact]:
    """Every third card is invited by one that was there before, some by their owner's own first card.

    Cards from before the lived days take part in a campaign of theirs.
    """
    rng = world.dice("loyalty invitations")
    days = list(world.calendar.days())
    versions = {card.member_card: card for card in world.cards}
    cards = sorted(versions.values(), key=lambda card: (card.registered_at, card.member_card))
    found = []
    for place, card in enumerate(cards):
        own = [other for other in cards[:place] if other.person == card.person]
        campaign_on = rng.choice(days[: len(days) // 2])
        if not place or rng.random() > (0.8 if own else 0.35):
            continue
        inviter = rng.choice(own or cards[:place])
        at = max(card.registered_at + timedelta(minutes=5), moment(rng, campaign_on, 10, 21))
        row = {
            "invitation_id": f"I{place:06d}",
            "kind": rng.choice(("poster", "share", "distributor")),
            "inviter_card": inviter.member_card,
            "invitee_card": card.member_card,
            "accepted_at": text(at),
        }
        found.append(Fact(at, row, card.person))
    return in_order(found)
