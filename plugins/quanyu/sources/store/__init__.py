"""Stores: receipts, members, visits and more, from the CSV files that the store systems drop on an SFTP server.

What: receipt lines, tenders, visits and what the doors counted, one file per store and day; members that changed, one
file per day; the directory of the stores with their coordinates (GCJ-02), whole every day. Names, phones, birthdays and
addresses are personal; the phone of a receipt is what the clerk typed, an address is there only where the stores ask
for one. A birthday is of the solar calendar unless birthday_calendar says `lunar`.

Why a re-run is safe: files are only read, never renamed or deleted, and a file counts only when it is the one
that its `.done` announces. A day is read whole and replaces that day; the last three are read again, because
tills that were offline deliver late.

    list -> per day and store: .done (md5 size rows) -> bytes -> utf-8 or gb18030 -> rows by key, last file wins
    no .done -> not ready; wrong sum -> refused by name; no file -> the store was closed

Alone: python -m quanyu.sources.store --date 2026-11-20 --entity receipts
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from quanyu.contracts import Entity, Mode, Page, Personal, Source, Window
from quanyu.errors import NotReady
from quanyu.outbox import Outbox, connect
from quanyu.sources.store.files import Kind, read

_RECEIPTS = Kind(
    entity="receipts",
    prefix="RECEIPTS",
    is_per_store=True,
    key=("store_code", "receipt_no", "line_no"),
    columns={
        "store_code": "text",
        "receipt_no": "text",
        "line_no": "text",
        "sold_at": "text",
        "sell_way": "text",
        "item_no": "text",
        "quantity": "text",
        "amount": "text",
        "pay_way": "text?",
        "member_card": "text?",
        "phone": "text?",
        "guide_id": "text?",
        "original_receipt_no": "text?",
    },
)
_MEMBERS = Kind(
    entity="members",
    prefix="MEMBERS",
    is_per_store=False,
    key=("member_card",),
    columns={
        "member_card": "text",
        "name": "text?",
        "phone": "text?",
        "birthday": "text?",
        "birthday_calendar": "text?",
        "address": "text?",
        "registered_at": "text",
        "registered_store": "text?",
        "tmall_ouid": "text?",
        "sms_consent": "text?",
        "sms_consent_at": "text?",
        "consent_text_version": "text?",
        "updated_at": "text",
    },
    may_lack=frozenset({"address", "birthday_calendar"}),
)
_VISITS = Kind(
    entity="visits",
    prefix="VISITS",
    is_per_store=True,
    key=("visit_id",),
    columns={
        "store_code": "text",
        "visit_id": "text",
        "visited_at": "text",
        "member_card": "text?",
        "unionid": "text?",
        "phone_hash": "text?",
        "guide_id": "text?",
        "channel": "text",
    },
)
_TENDERS = Kind(
    entity="tenders",
    prefix="TENDERS",
    is_per_store=True,
    key=("store_code", "receipt_no", "tender_no"),
    columns=dict.fromkeys(("store_code", "receipt_no", "tender_no", "paid_at", "pay_way", "amount"), "text"),
)
_FOOTFALL = Kind(
    entity="footfall",
    prefix="FOOTFALL",
    is_per_store=True,
    key=("store_code", "door", "interval_start"),
    columns=dict.fromkeys(
        ("store_code", "door", "interval_start", "interval_minutes", "in_count", "out_count"), "text"
    ),
)
_STORES = Kind(
    entity="stores",
    prefix="STORES",
    is_per_store=False,
    key=("store_code",),
    columns={
        "store_code": "text",
        "store_name": "text",
        "province": "text",
        "city": "text",
        "district": "text?",
        "longitude": "text?",
        "latitude": "text?",
        "opened_on": "text?",
        "closed_on": "text?",
    },
)


def _of_each_day(kind: Kind) -> Callable[[Outbox, Window], Iterator[Page]]:
    def pages(client: Outbox, window: Window) -> Iterator[Page]:
        for day, page in read(client, kind, window):
            yield Page(page.records, day)

    return pages


def _members(client: Outbox, window: Window) -> Iterator[Page]:
    return (page for _, page in read(client, _MEMBERS, window))


def _stores(client: Outbox, window: Window) -> Iterator[Page]:
    """The directory as the last day of the window has it; without its file there is nothing to compare with."""
    day = max(window.days())
    for _, page in read(client, _STORES, Window.of_days(day, day)):
        if not page.records:
            raise NotReady(
                f"there are no stores in a file STORES_{day:%Y%m%d}.", remedy="let the store system finish its export."
            ).at(f"store.stores {day}")
        yield page


_daily = partial(Entity, mode=Mode.DAILY, reread_days=3)

SOURCE = Source(
    name="store",
    about=__doc__,
    connect=connect,
    entities=(
        _daily(
            name="receipts",
            key=_RECEIPTS.key,
            fields=_RECEIPTS.columns,
            personal={"phone": Personal.PHONE},
            read=_of_each_day(_RECEIPTS),
        ),
        Entity(
            name="members",
            key=_MEMBERS.key,
            mode=Mode.INCREMENT,
            version="updated_at",
            fields=_MEMBERS.columns,
            personal={
                "name": Personal.NAME,
                "phone": Personal.PHONE,
                "birthday": Personal.BIRTHDAY,
                "address": Personal.ADDRESS,
            },
            read=_members,
            reread_days=1,
        ),
        _daily(
            name="visits",
            key=_VISITS.key,
            fields=_VISITS.columns,
            personal={"phone_hash": Personal.PHONE_MD5},
            read=_of_each_day(_VISITS),
        ),
        _daily(name="tenders", key=_TENDERS.key, fields=_TENDERS.columns, read=_of_each_day(_TENDERS)),
        _daily(name="footfall", key=_FOOTFALL.key, fields=_FOOTFALL.columns, read=_of_each_day(_FOOTFALL)),
        Entity(name="stores", key=_STORES.key, mode=Mode.SNAPSHOT, fields=_STORES.columns, read=_stores),
    ),
)
