"""The chapter of the Tmall shop: trades, refunds and shop members."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import datetime, timedelta

from tests.sandbox.world.calendar import code, moment
from tests.sandbox.world.catalogue import ITEMS, STORES, TOWNS
from tests.sandbox.world.journeys import Journey
from tests.sandbox.world.model import Person
from tests.sandbox.world.trade import Refund, ShopMember, Trade, TradeLine

_TYPES = ("guarantee_trade", "fixed", "step", "tmall_i18n", "ec", "eticket", "nopaid")
_TYPE_WEIGHTS = (58, 24, 9, 4, 2, 2, 1)
_REASONS = ("不想要了", "尺码不合适", "商品与描述不符", "宝宝不适用", "少件漏发")


@dataclass(frozen=True, slots=True)
class Buyer:
    """The two names Tmall has for one buyer: per app and per shop."""

    buyer_open_uid: str
    ouid: str


def buyers(journeys: list[Journey], rng: random.Random) -> dict[str, Buyer]:
    """Give everybody who shops or joins online their names, by person id."""
    return {
        journey.person.id: Buyer(code(rng, "AAH", 24), code(rng, "AAE", 24))
        for journey in journeys
        if journey.trade_days or journey.shop_member_on
    }


def members(journeys: list[Journey], known: dict[str, Buyer], rng: random.Random) -> list[ShopMember]:
    """The members of the shop."""
    return [
        ShopMember(
            ouid=known[journey.person.id].ouid,
            joined_at=moment(rng, journey.shop_member_on),
            grade=rng.choices((0, 1, 2, 3, 4), (10, 50, 25, 10, 5))[0],
            blacklisted=rng.random() < 0.005,
            relation_source=1 if journey.trade_days else 3,
            person=journey.person.id,
        )
        for journey in journeys
        if journey.shop_member_on is not None
    ]


@dataclass(frozen=True, slots=True)
class MemberState:
    """What the shop says of a member at some moment."""

    modified_at: datetime
    trades: tuple[Trade, ...]

    @property
    def last_trade(self) -> Trade | None:
        """The newest trade, if any."""
        return self.trades[-1] if self.trades else None


def member_state(member: ShopMember, bought: list[Trade], at: datetime) -> MemberState | None:
    """The member just before `at`, from the trades of its `ouid`; None before it joined."""
    if member.joined_at >= at:
        return None
    known = tuple(trade for trade in bought if trade.created_at < at)
    return MemberState(max([member.joined_at, *(trade.created_at for trade in known)]), known)


def trades(journeys: list[Journey], known: dict[str, Buyer], rng: random.Random) -> list[Trade]:
    """Every trade with its later life, refunds included."""
    ids = _TradeIds(rng)
    found: list[Trade] = []
    for journey in journeys:
        for day in journey.trade_days:
            created = moment(rng, day, 7, 24)
            trade = _trade(journey.person, known[journey.person.id], ids, rng, created)
            trade.refund = _refund(trade, ids, rng)
            _close_when_all_is_refunded(trade)
            found.append(trade)
    return sorted(found, key=lambda trade: (trade.created_at, trade.tid))


def _trade(person: Person, buyer: Buyer, ids: _TradeIds, rng: random.Random, created: datetime) -> Trade:
    kind = rng.choices(_TYPES, _TYPE_WEIGHTS)[0]
    lines = _lines(person, ids, rng, free=kind == "nopaid")
    paid = created + timedelta(seconds=rng.randint(8, 900)) if rng.random() > 0.06 else None
    sent = paid + timedelta(hours=rng.randint(6, 50)) if paid else None
    picked_up = rng.random() < 0.05
    return Trade(
        tid=lines[0].oid if len(lines) == 1 else ids.next(),
        type=kind,
        buyer_open_uid=buyer.buyer_open_uid,
        ouid=buyer.ouid,
        lines=lines,
        post_fee_fen=0 if kind == "nopaid" else rng.choices((0, 600, 1000), (80, 12, 8))[0],
        created_at=created,
        paid_at=paid,
        sent_at=sent,
        finished_at=sent + timedelta(days=rng.randint(2, 10), seconds=rng.randrange(80000)) if sent else None,
        closed_at=None if paid else created + timedelta(days=1),
        store=person.store if picked_up else "",
        city=TOWNS[STORES.index(person.store)] if rng.random() > 0.05 else rng.choice(TOWNS),
        person=person.id,
    )


def _lines(person: Person, ids: _TradeIds, rng: random.Random, *, free: bool) -> tuple[TradeLine, ...]:
    many = person.persona == "reseller"
    lines = []
    for item in rng.sample(ITEMS, rng.choices((1, 2, 3), (65, 25, 10))[0]):
        quantity = rng.randint(6, 24) if many else rng.choices((1, 2, 4), (70, 22, 8))[0]
        paid = item.fen * quantity * rng.choice((100, 100, 95, 90, 80)) // 100
        lines.append(TradeLine(ids.next(), item.sku, quantity, item.fen, 0 if free else paid))
    return tuple(lines)


def _refund(trade: Trade, ids: _TradeIds, rng: random.Random) -> Refund | None:
    """In 7 of 100 paid trades one line is asked back days later; one in six is refused."""
    if trade.paid_at is None or trade.sent_at is None or rng.random() > 0.07:
        return None
    line = rng.choice(trade.lines)
    if line.fen == 0:
        return None
    asked = trade.paid_at + timedelta(days=rng.randint(1, 8), minutes=rng.randrange(600))
    decided = asked + timedelta(hours=rng.randint(5, 70))
    before_sending = asked < trade.sent_at
    granted = rng.random() > 0.16
    return Refund(
        refund_id=str(ids.next()),
        tid=trade.tid,
        oid=line.oid,
        ouid=trade.ouid,
        buyer_open_uid=trade.buyer_open_uid,
        fen=line.fen if rng.random() < 0.8 else line.fen // 2,
        moments=((asked, "WAIT_SELLER_AGREE"), (decided, "SUCCESS" if granted else "CLOSED")),
        has_good_return=not before_sending and rng.random() < 0.6,
        reason=rng.choice(_REASONS),
        phase="onsale" if trade.finished_at is None or asked < trade.finished_at else "aftersale",
    )


def _close_when_all_is_refunded(trade: Trade) -> None:
    refund = trade.refund
    if refund is None or len(trade.lines) > 1 or refund.moments[-1][1] != "SUCCESS" or refund.fen < trade.lines[0].fen:
        return
    trade.closed_at, trade.finished_at = refund.moments[-1][0], None
    if trade.sent_at is not None and trade.sent_at >= trade.closed_at:
        trade.sent_at = None


class _TradeIds:
    """Nineteen-digit ids beyond 2^53, odd so that a float cannot hold them."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self._last = 2_604_615_437_261_148_287

    def next(self) -> int:
        self._last += 2 * self._rng.randint(1, 5_000_000_000)
        return self._last
