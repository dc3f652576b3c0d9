"""The nouns of the Tmall shop: a trade's life, its refund, a shop member. Times are aware, money is integer fen."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class TradeLine:
    """One order line of a Tmall trade; `fen` is what was paid for it, postage apart."""

    oid: int
    sku: str
    quantity: int
    list_fen: int
    fen: int


@dataclass(slots=True)
class Trade:
    """A Tmall trade and the moments of its life; `touched` is set when a test updates it while it is being read."""

    tid: int
    type: str
    buyer_open_uid: str
    ouid: str
    lines: tuple[TradeLine, ...]
    post_fee_fen: int
    created_at: datetime
    paid_at: datetime | None
    sent_at: datetime | None
    finished_at: datetime | None
    closed_at: datetime | None
    store: str
    city: tuple[str, str, str]
    person: str
    refund: Refund | None = None
    touched: datetime | None = None

    @property
    def payment_fen(self) -> int:
        """All lines and the postage."""
        return sum(line.fen for line in self.lines) + self.post_fee_fen

    def moments(self) -> list[tuple[datetime, str]]:
        """Every change of status, oldest first."""
        steps = [
            (self.created_at, "WAIT_BUYER_PAY"),
            (self.paid_at, "WAIT_SELLER_SEND_GOODS"),
            (self.sent_at, "WAIT_BUYER_CONFIRM_GOODS"),
            (self.finished_at, "TRADE_FINISHED"),
            (self.closed_at, "TRADE_CLOSED" if self.paid_at else "TRADE_CLOSED_BY_TAOBAO"),
        ]
        return sorted((at, status) for at, status in steps if at is not None)

    def status(self, at: datetime) -> str:
        """The status just before `at`."""
        return [status for moment, status in self.moments() if moment < at][-1]

    def modified(self, at: datetime) -> datetime:
        """The last change before `at`; a test's own touch counts whenever it was."""
        moments = [moment for moment, _ in self.moments() if moment < at]
        if self.refund is not None:
            moments += [moment for moment, _ in self.refund.moments if moment < at]
        return max([*moments, *([self.touched] if self.touched else [])])


@dataclass(frozen=True, slots=True)
class Refund:
    """A refund of one order line; `moments` are its (time, status), oldest first."""

    refund_id: str
    tid: int
    oid: int
    ouid: str
    buyer_open_uid: str
    fen: int
    moments: tuple[tuple[datetime, str], ...]
    has_good_return: bool
    reason: str
    phase: str

    def status(self, at: datetime) -> str:
        """The status just before `at`."""
        return [status for moment, status in self.moments if moment < at][-1]

    def modified(self, at: datetime) -> datetime:
        """The last change before `at`."""
        return max(moment for moment, _ in self.moments if moment < at)


@dataclass(frozen=True, slots=True)
class ShopMember:
    """A member of the Tmall shop; what it bought is told by the trades with its `ouid`."""

    ouid: str
    joined_at: datetime
    grade: int
    blacklisted: bool
    relation_source: int
    person: str
