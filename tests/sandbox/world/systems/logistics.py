"""The carriers: a parcel for every order that was shipped, with each change of its state."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from tests.sandbox.world.facts import Fact, in_order, text

if TYPE_CHECKING:
    from tests.sandbox.world import World

_CARRIERS = ("SF", "ZTO", "YTO", "JDL")


def parcels(world: World) -> list[Fact]:
    """A row when a parcel leaves and one when it is signed for; no receiver is named."""
    rng = world.dice("logistics")
    found = []
    for number, trade in enumerate(world.trades, 1):
        if trade.sent_at is None:
            continue
        signed = trade.sent_at + timedelta(hours=rng.randint(18, 90))
        row = {
            "waybill_no": f"{rng.choice(_CARRIERS)}{202600000000 + number}",
            "order_source": "tmall",
            "order_no": str(trade.tid),
            "carrier": rng.choice(_CARRIERS),
            "status": "shipped",
            "province": trade.city[0],
            "city": trade.city[1],
            "shipped_at": text(trade.sent_at),
            "signed_at": "",
            "updated_at": text(trade.sent_at),
        }
        found.append(Fact(trade.sent_at, row, trade.person))
        after = {**row, "status": "signed", "signed_at": text(signed), "updated_at": text(signed)}
        found.append(Fact(signed, after, trade.person))
    return in_order(found)
