"""More files that the stores drop: tenders and footfall per store and day, and the directory of the stores."""

from __future__ import annotations

from collections import defaultdict
from datetime import date

from tests.sandbox.drops import Drop
from tests.sandbox.world import World
from tests.sandbox.world.catalogue import CLOSED_STORE, STORES
from tests.sandbox.world.facts import text, yuan
from tests.sandbox.world.systems import store as chapters

_TENDERS = ("store_code", "receipt_no", "tender_no", "paid_at", "pay_way", "amount")
_FOOTFALL = ("store_code", "door", "interval_start", "interval_minutes", "in_count", "out_count")


def more_drops(world: World, today: date) -> list[Drop]:
    """Every such file on the evening of `today`; the tenders of an offline till come with its receipts."""
    tenders: dict[tuple[str, date, bool], list[tuple[str, ...]]] = defaultdict(list)
    for tender in world.chapter(chapters.tenders):
        receipt = tender.receipt
        row = (receipt.store, receipt.receipt_no, str(tender.number), text(receipt.sold_at), tender.pay_way)
        tenders[receipt.store, receipt.sold_at.date(), receipt.late].append((*row, yuan(tender.fen)))
    counts: dict[tuple[str, date], list[tuple[str, ...]]] = defaultdict(list)
    for count in world.chapter(chapters.footfall):
        row = (count.store, count.door, text(count.start), "60", str(count.came), str(count.left))
        counts[count.store, count.start.date()].append(row)
    stores = chapters.directory()
    found = []
    for day in world.calendar.days():
        if day > today:
            break
        rows = tuple(tuple(store.values()) for store in stores)
        found.append(Drop(f"STORES_{day:%Y%m%d}_1.csv", tuple(stores[0]), rows, odd="opened_on"))
        for store in STORES:
            if store == CLOSED_STORE and day.weekday() == 0:
                continue
            place = f"{store}_{day:%Y%m%d}"
            late = tuple(tenders[store, day, True])
            found.append(Drop(f"TENDERS_{place}_1.csv", _TENDERS, tuple(tenders[store, day, False]), odd="amount"))
            found.append(Drop(f"FOOTFALL_{place}_1.csv", _FOOTFALL, tuple(counts[store, day]), odd="in_count"))
            if late and today > day:
                found.append(Drop(f"TENDERS_{place}_2.csv", _TENDERS, late, odd="amount"))
    return found
