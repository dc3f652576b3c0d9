"""WeChat Pay: what the tills took by scanning a code and what the mini program's mall took, with their refunds.

Both name the payer by the openid of the mini program.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import TYPE_CHECKING

from quanyu.contracts import SHANGHAI
from tests.sandbox.world import marketplace
from tests.sandbox.world.model import Account, Receipt
from tests.sandbox.world.openids import MINI_APPID, openid

if TYPE_CHECKING:
    from tests.sandbox.world import World
    from tests.sandbox.world.truth import Identifier

ACCOUNT = "wechat_payer"

_SHARE = {"regular": 0.2, "online": 0.25, "store_shopper": 0.1, "new_fan": 0.1, "old_fan": 0.1, "passer_by": 0.02}


@dataclass(frozen=True, slots=True)
class Movement:
    """A payment, or a refund of one (`refund_id` is then set); `fen` is positive either way."""

    transaction_id: str
    out_trade_no: str
    refund_id: str
    openid: str
    trade_type: str
    at: datetime
    fen: int
    body: str
    person: str


def movements(world: World) -> list[Movement]:
    """Every payment and refund, oldest first."""
    return world.chapter(_movements)


def _movements(world: World) -> list[Movement]:
    found = [*_at_the_till(world), *_in_the_mall(world)]
    return sorted(found, key=lambda one: (one.at, one.transaction_id, one.refund_id))


def _at_the_till(world: World) -> Iterator[Movement]:
    sales = {(receipt.store, receipt.receipt_no): receipt for receipt in world.receipts if receipt.pay_way == "WXPAY"}
    for receipt in world.receipts:
        sale = sales.get((receipt.store, receipt.original_receipt_no)) if receipt.original_receipt_no else receipt
        if sale is None or sale.pay_way != "WXPAY" or not _fen(receipt):
            continue
        yield Movement(
            transaction_id=f"420000{sale.store[1:]}{sale.receipt_no}00000000",
            out_trade_no=f"{sale.store}{sale.receipt_no}",
            refund_id=f"503000{receipt.store[1:]}{receipt.receipt_no}00000000" if receipt is not sale else "",
            openid=openid(world, MINI_APPID, sale.person),
            trade_type="MICROPAY",
            at=receipt.sold_at,
            fen=_fen(receipt),
            body=f"全域母婴 {sale.store}店, 门店消费",
            person=sale.person,
        )


def _fen(receipt: Receipt) -> int:
    return sum(line.fen for line in receipt.lines)


def _in_the_mall(world: World) -> Iterator[Movement]:
    for order in marketplace.orders(world, "wechat_pay", _SHARE):
        if order.paid_at is None:
            continue
        refund = order.refund
        paid = [("", order.paid_at, order.paid_fen)]
        if refund is not None and refund.is_granted:
            paid.append((f"503100{order.number:022d}", refund.decided_at, refund.fen))
        for refund_id, at, fen in paid:
            yield Movement(
                transaction_id=f"420010{order.number:022d}",
                out_trade_no=f"MALL{order.number:08d}",
                refund_id=refund_id,
                openid=openid(world, MINI_APPID, order.person),
                trade_type="JSAPI",
                at=at,
                fen=fen,
                body=order.lines[0].item.title,
                person=order.person,
            )


def accounts(world: World) -> Iterator[tuple[Account, str]]:
    """Who ever paid."""
    for one in movements(world):
        yield (ACCOUNT, MINI_APPID, one.openid), one.person


def evidence(world: World, day: date) -> Iterator[tuple[Account, set[Identifier]]]:
    """A bill shows the payer's openid and nothing else."""
    from tests.sandbox.world.truth import night

    start = datetime.combine(world.calendar.first, time(), SHANGHAI)
    for one in movements(world):
        if start <= one.at < night(day):
            yield (ACCOUNT, MINI_APPID, one.openid), {("openid", one.openid, one.person)}
