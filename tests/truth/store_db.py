"""What the store database must bring; what an offline till sold comes a day late."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from quanyu.contracts import Window
from tests.sandbox.world import World
from tests.sandbox.world.catalogue import GIFT, ITEMS, STORES
from tests.sandbox.world.systems import store_db
from tests.sandbox.world.systems.store_db import MINUS_STORE, Rung
from tests.truth import Facts, Truth, Wire, fen


def _seen(world: World, window: Window, end: datetime) -> Iterator[Rung]:
    for found in store_db.rung(world):
        if window.start <= found.receipt.sold_at < window.end and found.receipt.uploaded_on < end.date():
            yield found


def _minus(found: Rung) -> int:
    return -1 if found.sell_way == "B" and found.receipt.store == MINUS_STORE else 1


def _sale_lines(world: World, window: Window, end: datetime) -> Facts:
    return {
        str(found.first_line + number): (
            found.receipt.store,
            line.item_no,
            line.sell_way,
            line.fen * _minus(found),
        )
        for found in _seen(world, window, end)
        for number, line in enumerate(found.receipt.lines)
    }


def _tenders(world: World, window: Window, end: datetime) -> Facts:
    return {
        str(found.first_tender + number): (tender.pay_way, found.sell_way, tender.fen * _minus(found))
        for found in _seen(world, window, end)
        for number, tender in enumerate(found.tenders)
    }


def _points(world: World, window: Window, end: datetime) -> Facts:
    return {
        str(found.point_row): (found.receipt.member_card, "1" if found.sell_way == "B" else "0", found.points)
        for found in _seen(world, window, end)
        if found.point_row is not None
    }


def _members(world: World, _window: Window, end: datetime) -> Facts:
    return {
        store_db.card_id(world, card.member_card): (
            card.member_card,
            card.name,
            card.phone or None,
            card.birthday.isoformat() if card.birthday else None,
        )
        for card in store_db.cards(world, end)
    }


def _items(_world: World, _window: Window, _end: datetime) -> Facts:
    return {item.item_no: (item.title, item.fen) for item in (*ITEMS, GIFT)}


def _branches(_world: World, _window: Window, _end: datetime) -> Facts:
    return {store: (f"全域{store}店",) for store in STORES}


TRUTH = {
    "sale_lines": Truth(
        _sale_lines, lambda row: (row["branch_no"], row["item_no"], row["sell_way"], fen(row["sale_money"]))
    ),
    "tenders": Truth(_tenders, lambda row: (row["pay_way"], row["sell_way"], fen(row["pay_amount"]))),
    "points": Truth(_points, lambda row: (row["card_no"], row["oper_type"], int(float(row["acc_num"])))),
    "members": Truth(_members, lambda row: (row["card_no"], row["vip_name"], row["mobile"], row["birthday"])),
    "items": Truth(_items, lambda row: (row["item_name"], fen(row["sale_price"]))),
    "branches": Truth(_branches, lambda row: (row["branch_name"],)),
}

WIRE = Wire(speaks="sql", token="none", drifts="")
