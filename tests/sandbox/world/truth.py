"""Who is who, and how much of it the systems' own records can prove.

truth     every account any platform ever shows -> the id of its person.
provable  the accounts a pipeline sees that first loaded on `business_date` and every night since, grouped by
          true evidence; every account is in exactly one group, alone when nothing ties it to another.
marks     what each group shows of which a person has one; groups with different ones are provably two people.

True evidence is an identifier that an account carries in the newest version seen and that is really its person's:

- a phone, once spelt right (blanks, +86 and full-width digits aside) and unmasked, that is one of the person's own
  numbers; not a clerk's, a partner's, a slip of the finger, nor a former owner's (a recycled number is two
  identifiers, one per owner);
- the unionid of a follower, a contact or a visit;
- the Tmall `ouid`: of a shop member, of a card bound to it, of a refund, which also names the buyer;
- a `tid`: of a trade, and of the shop member whose last trade it is;
- a full name together with a phone, of a card or a guide's remark, even when the phone is the partner's.

A visit that shows a card is evidence about the card: its unionid and phone count for the member. Phone versions that
a later version of the card replaced do not count.

Marks are the ids that platforms give an account, the unionid, the ouid, the full name on a card or in a remark, as it
is written there, and the birthday on a card. A receipt, a visit and a phone are none.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING

from quanyu.contracts import SHANGHAI
from tests.sandbox.world import names, shop
from tests.sandbox.world.model import APPID, BRAND, CORP, SHOP, Account, Card, Contact
from tests.sandbox.world.score import Mark
from tests.sandbox.world.systems import systems

if TYPE_CHECKING:
    from tests.sandbox.world import World

Identifier = tuple[str, str, str]
"""(type, value, person whose it is)"""


def accounts(world: World) -> dict[Account, str]:
    """Every account of the world and its person."""
    known: dict[Account, str] = {}
    for trade in world.trades:
        known["tmall_buyer", SHOP, trade.buyer_open_uid] = trade.person
    for member in world.shop_members:
        known["tmall_member", SHOP, member.ouid] = member.person
    for fan in world.followers:
        known["official_account_follower", APPID, fan.openid] = fan.person
    for contact in world.contacts:
        known["wecom_contact", CORP, contact.external_userid] = contact.person
    for card in world.cards:
        known["store_member", BRAND, card.member_card] = card.person
    for receipt in world.receipts:
        if receipt.phone and not receipt.member_card:
            known["store_receipt", BRAND, f"{receipt.store}|{receipt.receipt_no}"] = receipt.person
    for visit in world.visits:
        if not visit.member_card:
            known["store_visit", BRAND, visit.visit_id] = visit.person
    for system in systems():
        known.update(getattr(system, "accounts", _nothing)(world))
    return known


def _nothing(*_: object) -> Iterator[tuple[Account, str]]:
    """What a system says that knows nobody."""
    return iter(())


def provable(world: World, day: date) -> list[set[Account]]:
    """Group the accounts seen by the night of `day` by true evidence."""
    import networkx as nx

    graph: nx.Graph[tuple[str, str, str]] = nx.Graph()
    seen: set[Account] = set()
    for account, identifiers in _evidence(world, day):
        seen.add(account)
        graph.add_node(account)
        graph.add_edges_from((account, identifier) for identifier in identifiers)
    # In a fixed order, so that what is said of the groups elsewhere can be matched by position.
    return sorted((group & seen for group in nx.connected_components(graph) if group & seen), key=min)


def marks(world: World, day: date) -> list[set[Mark]]:
    """What the groups of `provable` show of which a person has one, in their order."""
    shown: dict[Account, set[Mark]] = defaultdict(set)
    acts = {"store_receipt", "store_visit"}.union(*(getattr(system, "ACTS", ()) for system in systems()))
    for account, identifiers in _evidence(world, day):
        shown[account] |= {(kind, value) for kind, value, _ in identifiers if kind in {"unionid", "ouid"}}
        if account[0] not in acts:
            shown[account].add((account[0], account[2]))
    for card in _newest(world, night(day)):
        birthday = f"{card.birthday:%m%d}" if card.birthday else ""
        shown["store_member", BRAND, card.member_card] |= {("name", names.full_name(card)), ("birthday", birthday)}
    for contact in _seen_contacts(world, day):
        shown["wecom_contact", CORP, contact.external_userid].add(("name", _noted_name(world, contact)))
    for system in systems():
        for account, more in getattr(system, "marks", _nothing)(world, day):
            shown[account] |= set(more)
    return [{mark for account in group for mark in shown[account] if mark[1]} for group in provable(world, day)]


def _evidence(world: World, day: date) -> Iterator[tuple[Account, set[Identifier]]]:
    """Each account seen by the end of `day`, with what truly identifies it."""
    start = datetime.combine(world.calendar.first, time(), SHANGHAI)
    end = night(day)
    yield from _shop(world, start, end)
    yield from _wechat(world, day)
    yield from _store(world, end)
    for system in systems():
        yield from getattr(system, "evidence", _nothing)(world, day)


def night(day: date) -> datetime:
    """The midnight that ends `day`."""
    return datetime.combine(day + timedelta(days=1), time(), SHANGHAI)


def _nights(world: World, day: date) -> list[datetime]:
    """The nights from the business date to that of `day`."""
    return [night(world.business_date + timedelta(days=n)) for n in range((day - world.business_date).days + 1)]


def _shop(world: World, start: datetime, end: datetime) -> Iterator[tuple[Account, set[Identifier]]]:
    for trade in world.trades:
        if trade.created_at >= end or trade.modified(end) < start:
            continue
        account = ("tmall_buyer", SHOP, trade.buyer_open_uid)
        yield account, {("tid", str(trade.tid), trade.person)}
        if trade.refund is not None and trade.refund.moments[0][0] < end and trade.refund.modified(end) >= start:
            yield account, {("ouid", trade.ouid, trade.person)}
    for member in world.shop_members:
        state = shop.member_state(member, world.trades_by_ouid.get(member.ouid, []), end)
        if state is None or state.modified_at < start:
            continue
        ids = {("ouid", member.ouid, member.person)}
        if state.last_trade is not None:
            ids.add(("tid", str(state.last_trade.tid), member.person))
        yield ("tmall_member", SHOP, member.ouid), ids


def _wechat(world: World, day: date) -> Iterator[tuple[Account, set[Identifier]]]:
    for fan in world.followers:
        if any(map(fan.follows, _nights(world, day))):
            unionid = {("unionid", fan.unionid, fan.person)} if fan.unionid else set()
            yield ("official_account_follower", APPID, fan.openid), unionid
    for contact in _seen_contacts(world, day):
        ids = {("unionid", contact.unionid, contact.person)} if contact.unionid else set()
        for phone in contact.remark_mobiles:
            ids |= own_phone(world, phone, contact.person)
            ids |= _named_phone(_noted_name(world, contact), phone, contact.person)
        yield ("wecom_contact", CORP, contact.external_userid), ids


def _seen_contacts(world: World, day: date) -> list[Contact]:
    return [contact for contact in world.contacts if any(map(contact.exists, _nights(world, day)))]


def _store(world: World, end: datetime) -> Iterator[tuple[Account, set[Identifier]]]:
    for card in _newest(world, end):
        ids = own_phone(world, card.phone, card.person)
        ids |= _named_phone(names.full_name(card), card.phone, card.person)
        if card.tmall_ouid:
            ids.add(("ouid", card.tmall_ouid, card.person))
        yield ("store_member", BRAND, card.member_card), ids
    for receipt in world.receipts:
        if receipt.phone and not receipt.member_card and receipt.uploaded_on < end.date():
            account = ("store_receipt", BRAND, f"{receipt.store}|{receipt.receipt_no}")
            yield account, own_phone(world, receipt.phone, receipt.person)
    for visit in world.visits:
        if visit.visited_at < end:
            ids = {("unionid", visit.unionid, visit.person)} if visit.unionid else set()
            ids |= own_phone(world, visit.phone, visit.person)
            shown = ("store_member", BRAND, visit.member_card)
            yield (shown if visit.member_card else ("store_visit", BRAND, visit.visit_id)), ids


def _newest(world: World, end: datetime) -> list[Card]:
    """The version in force of every card."""
    return list({card.member_card: card for card in world.cards if card.updated_at < end}.values())


def own_phone(world: World, typed: str, person: str) -> set[Identifier]:
    """The phone as an identifier when it is one of the person's own numbers."""
    digits = _digits(typed)
    return {("phone", digits, person)} if digits in world.numbers_of.get(person, ()) else set()


def _named_phone(name: str, typed: str, person: str) -> set[Identifier]:
    """A full name together with a phone; whose number it is does not matter then."""
    digits = _digits(typed)
    return {("name and phone", f"{name} {digits}", person)} if name and len(digits) == 11 else set()


def _noted_name(world: World, contact: Contact) -> str:
    """The customer's name as the remark has it; empty when it has none."""
    return names.noted_name(contact, world.name_of[contact.person])


def _digits(typed: str) -> str:
    return re.sub(r"^86(?=1\d{10}$)", "", re.sub(r"\D", "", unicodedata.normalize("NFKC", typed)))
