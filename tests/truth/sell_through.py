"""What the supermarkets must bring."""

from __future__ import annotations

from datetime import datetime

from quanyu.contracts import Window
from tests.sandbox.world import World
from tests.sandbox.world.systems import sell_through
from tests.truth import Facts, Truth, Wire, fen


def _sales(world: World, window: Window, end: datetime) -> Facts:
    days = {day for day in window.days() if day < end.date()}
    return {
        f"{one.retailer}|{one.store}|{one.gtin}|{one.day}": (one.quantity, one.fen)
        for one in world.chapter(sell_through.sales)
        if one.day in days
    }


TRUTH = {"sales": Truth(_sales, lambda row: (row["quantity"], fen(row["amount_yuan"])))}

WIRE = Wire(speaks="sftp", token="none", drifts="")
