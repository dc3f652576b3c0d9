"""What the stores' files must bring."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta

from quanyu.contracts import Window
from tests.sandbox.world import World
from tests.sandbox.world.systems import store as chapters
from tests.truth import Facts, Truth, Wire, fen, midnights, text


def _receipts(world: World, window: Window, end: datetime) -> Facts:
    # What an offline till sold comes a day late.
    today = (end - timedelta(seconds=1)).date()
    return {
        f"{receipt.store}|{receipt.receipt_no}|{number}": (line.fen, line.sell_way, receipt.phone, receipt.member_card)
        for receipt in world.receipts
        if window.start <= receipt.sold_at < window.end and not (receipt.late and receipt.sold_at.date() >= today)
        for number, line in enumerate(receipt.lines, 1)
    }


def _store_members(world: World, window: Window, _end: datetime) -> Facts:
    """The first file holds everybody, later ones whoever changed that day."""
    found = {}
    for day, start, end in midnights(window):
        is_first = day == world.calendar.first
        newest = {
            card.member_card: card
            for card in sorted(world.cards, key=lambda card: card.updated_at)
            if card.updated_at < end and (is_first or card.updated_at >= start)
        }
        for card in newest.values():
            key = f"{card.member_card}|{text(card.updated_at)}"
            found[key] = (card.name, card.phone, card.tmall_ouid, card.sms_consent)
    return found


def _visits(world: World, window: Window, _end: datetime) -> Facts:
    return {
        visit.visit_id: (
            visit.store,
            visit.member_card,
            visit.unionid,
            hashlib.md5(visit.phone.encode()).hexdigest() if visit.phone else "",
        )
        for visit in world.visits
        if window.start <= visit.visited_at < window.end
    }


def _tenders(world: World, window: Window, end: datetime) -> Facts:
    today = (end - timedelta(seconds=1)).date()
    found = {}
    for tender in world.chapter(chapters.tenders):
        receipt = tender.receipt
        is_there = not (receipt.late and receipt.sold_at.date() >= today)
        if is_there and window.start <= receipt.sold_at < window.end:
            found[f"{receipt.store}|{receipt.receipt_no}|{tender.number}"] = (tender.pay_way, tender.fen)
    return found


def _footfall(world: World, window: Window, _end: datetime) -> Facts:
    return {
        f"{count.store}|{count.door}|{text(count.start)}": (count.came, count.left)
        for count in world.chapter(chapters.footfall)
        if window.start <= count.start < window.end
    }


def _stores(_world: World, _window: Window, _end: datetime) -> Facts:
    return {store["store_code"]: (store["city"], store["longitude"]) for store in chapters.directory()}


TRUTH = {
    "tenders": Truth(_tenders, lambda row: (row["pay_way"], fen(row["amount"]))),
    "footfall": Truth(_footfall, lambda row: (int(row["in_count"]), int(row["out_count"]))),
    "stores": Truth(_stores, lambda row: (row["city"], row["longitude"])),
    "receipts": Truth(_receipts, lambda row: (fen(row["amount"]), row["sell_way"], row["phone"], row["member_card"])),
    "members": Truth(_store_members, lambda row: (row["name"], row["phone"], row["tmall_ouid"], row["sms_consent"])),
    "visits": Truth(_visits, lambda row: (row["store_code"], row["member_card"], row["unionid"], row["phone_hash"])),
}

WIRE = Wire(speaks="sftp", token="none", drifts="pos_version")
