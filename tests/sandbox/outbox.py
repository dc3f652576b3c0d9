"""The files the stores drop for the brand each evening, as CSV."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable
from datetime import date, datetime, time, timedelta

from quanyu.contracts import SHANGHAI
from tests.sandbox.drops import Drop
from tests.sandbox.store_files import more_drops
from tests.sandbox.world import World
from tests.sandbox.world.catalogue import CLOSED_STORE, GB18030_STORE, STORES
from tests.sandbox.world.model import Card, Receipt, Visit

Row = tuple[str, ...]

RECEIPTS = (
    "store_code,receipt_no,line_no,sold_at,sell_way,item_no,quantity,amount,pay_way,member_card,phone,guide_id,"
    "original_receipt_no"
)
MEMBERS = (
    "member_card,name,phone,birthday,registered_at,registered_store,tmall_ouid,sms_consent,sms_consent_at,"
    "consent_text_version,updated_at"
)
VISITS = "store_code,visit_id,visited_at,member_card,unionid,phone_hash,guide_id,channel"


def drops(world: World, today: date) -> dict[str, Drop]:
    """Every file in the outbox on the evening of `today`, by name.

    The members of the first day are all there are; later files hold those that changed. What an offline till
    uploads a day late comes as a second file of the day it belongs to. A closed store drops nothing.
    """
    found: list[Drop] = []
    receipts: dict[tuple[str, date, bool], list[Receipt]] = defaultdict(list)
    visits: dict[tuple[str, date], list[Visit]] = defaultdict(list)
    for receipt in world.receipts:
        receipts[receipt.store, receipt.sold_at.date(), receipt.late].append(receipt)
    for visit in world.visits:
        visits[visit.store, visit.visited_at.date()].append(visit)
    for day in world.calendar.days():
        if day > today:
            break
        found.append(_members(world, day))
        for store in STORES:
            if store == CLOSED_STORE and day.weekday() == 0:
                continue
            found.append(_receipts(receipts[store, day, False], store, day, 1))
            found.append(_visits(visits[store, day], store, day))
            late = receipts[store, day, True]
            if late and today > day:
                found.append(_receipts(late, store, day, 2))
    return {drop.name: drop for drop in [*found, *more_drops(world, today)]}


def _receipts(receipts: Iterable[Receipt], store: str, day: date, sequence: int) -> Drop:
    rows = tuple(
        (
            receipt.store,
            receipt.receipt_no,
            str(number),
            _text(receipt.sold_at),
            line.sell_way,
            line.item_no,
            str(line.quantity),
            f"{line.fen // 100}.{line.fen % 100:02d}",
            receipt.pay_way,
            receipt.member_card,
            receipt.phone,
            receipt.guide_id,
            receipt.original_receipt_no,
        )
        for receipt in receipts
        for number, line in enumerate(receipt.lines, 1)
    )
    encoding = "gb18030" if store == GB18030_STORE else "utf-8-sig"
    return Drop(f"RECEIPTS_{store}_{day:%Y%m%d}_{sequence}.csv", tuple(RECEIPTS.split(",")), rows, encoding, "amount")


def _members(world: World, day: date) -> Drop:
    end = datetime.combine(day + timedelta(days=1), time(), SHANGHAI)
    first = day == world.calendar.first
    newest = {
        card.member_card: card
        for card in world.cards
        if card.updated_at < end and (first or card.updated_at >= end - timedelta(days=1))
    }
    return Drop(
        f"MEMBERS_{day:%Y%m%d}_1.csv", tuple(MEMBERS.split(",")), tuple(map(_member, newest.values())), odd="updated_at"
    )


def _member(card: Card) -> Row:
    return (
        card.member_card,
        card.name,
        card.phone,
        card.birthday.isoformat() if card.birthday else "",
        _text(card.registered_at),
        card.registered_store,
        card.tmall_ouid,
        card.sms_consent,
        _text(card.sms_consent_at),
        card.consent_text_version,
        _text(card.updated_at),
    )


def _visits(visits: Iterable[Visit], store: str, day: date) -> Drop:
    rows = tuple(
        (
            visit.store,
            visit.visit_id,
            _text(visit.visited_at),
            visit.member_card,
            visit.unionid,
            hashlib.md5(visit.phone.encode()).hexdigest() if visit.phone else "",
            visit.guide_id,
            visit.channel,
        )
        for visit in visits
    )
    encoding = "gb18030" if store == GB18030_STORE else "utf-8-sig"
    return Drop(f"VISITS_{store}_{day:%Y%m%d}_1.csv", tuple(VISITS.split(",")), rows, encoding, "visited_at")


def _text(at: datetime | None) -> str:
    return at.strftime("%Y-%m-%d %H:%M:%S") if at else ""
