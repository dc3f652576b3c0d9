"""The till system's own database: what the stores' files tell, as SIXUN keeps it, and the tenders and points beside.

Its members are the cards of the stores, so it knows nobody whom the world does not know already.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from random import Random

from tests.sandbox.world import World
from tests.sandbox.world.model import Card, Receipt

CHANGE = "CHG"
MINUS_STORE = "S03"
"""Its tills write what comes back as negative magnitudes."""
BY_CARD_NO_STORE = "S02"
"""Its tills note the number on the card, the others the id inside the system."""
_PAY_WAYS = {"WXPAY": "WXZ", "ALIPAY": "ZFB", "CARD": "CRD", "CASH": "RMB"}
_NOTE_FEN = 10_000


@dataclass(frozen=True, slots=True)
class Tender:
    """One way in which a receipt was paid; change is negative."""

    pay_way: str
    fen: int


@dataclass(frozen=True, slots=True)
class Rung:
    """A receipt as the database has it; `first_line` and `first_tender` are the running numbers of its rows."""

    receipt: Receipt
    tenders: tuple[Tender, ...]
    first_line: int
    first_tender: int
    point_row: int | None

    @property
    def fen(self) -> int:
        """What the receipt took, or gave back."""
        return sum(line.fen for line in self.receipt.lines)

    @property
    def sell_way(self) -> str:
        """A or B: a receipt is one or the other, gifts apart."""
        return "B" if any(line.sell_way == "B" for line in self.receipt.lines) else "A"

    @property
    def points(self) -> int:
        """One for each yuan."""
        return self.fen // 100


def card_id(world: World, member_card: str) -> str:
    """The id that the system gives a card, which is not the number on it."""
    return world.code("store_db card", member_card, "", 12).upper()


def rung(world: World) -> list[Rung]:
    """Every receipt, in the order in which the database took it in."""
    return world.chapter(_rung)


def cards(world: World, end: datetime) -> list[Card]:
    """The version in force of every card."""
    return list({card.member_card: card for card in world.cards if card.updated_at < end}.values())


def _rung(world: World) -> list[Rung]:
    rng = world.dice("store_db tenders")
    found: list[Rung] = []
    lines = tenders = points = 1
    for receipt in sorted(world.receipts, key=lambda it: (it.uploaded_on, it.sold_at, it.store, it.receipt_no)):
        paid = _tenders(rng, receipt)
        found.append(Rung(receipt, paid, lines, tenders, points if receipt.member_card else None))
        lines, tenders = lines + len(receipt.lines), tenders + len(paid)
        points += bool(receipt.member_card)
    return found


def _tenders(rng: Random, receipt: Receipt) -> tuple[Tender, ...]:
    """Cash is given in notes of a hundred, with change; dear baskets are sometimes paid in two ways."""
    fen, way = sum(line.fen for line in receipt.lines), _PAY_WAYS[receipt.pay_way]
    is_return = any(line.sell_way == "B" for line in receipt.lines)
    if way == "RMB" and not is_return and fen % _NOTE_FEN:
        given = -(-fen // _NOTE_FEN) * _NOTE_FEN
        return (Tender(way, given), Tender(CHANGE, fen - given))
    if fen > 30_000 and not is_return and rng.random() < 0.15:
        first = fen // 3
        return (Tender(way, first), Tender("CRD" if way != "CRD" else "WXZ", fen - first))
    return (Tender(way, fen),)
