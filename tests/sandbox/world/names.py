"""The chapter of names as people write them: customers on their cards, guides in their remarks."""

from __future__ import annotations

import random
from dataclasses import replace

from tests.sandbox.world.catalogue import MISWRITTEN
from tests.sandbox.world.model import Card, Contact


def on_cards(cards: list[Card], rng: random.Random) -> list[Card]:
    """Of 100 cards 5 say no more than 王女士, 2 nothing, 1 a wrong character; all versions of a card the same."""
    written: dict[str, str] = {}
    for card in sorted(cards, key=lambda card: card.member_card):
        if card.member_card not in written:
            written[card.member_card] = _on_card(card.name, rng.random())
    return [replace(card, name=written[card.member_card]) for card in cards]


def _on_card(name: str, lot: float) -> str:
    if lot < 0.05:
        return f"{name[0]}女士"
    if lot < 0.07:
        return ""
    return _miswritten(name) if lot < 0.08 else name


def in_remarks(contacts: list[Contact], rng: random.Random) -> list[Contact]:
    """Of 100 remarks that name the customer 12 keep the nickname only, 2 hold a wrong character; layouts vary."""
    return [
        replace(contact, remark=_remark(contact, rng)) if contact.remark != contact.name else contact
        for contact in contacts
    ]


def _remark(contact: Contact, rng: random.Random) -> str:
    name, store = contact.remark.split()
    lot = rng.random()
    if lot < 0.12:
        return f"{contact.name} {store}"
    if lot < 0.14:
        name = _miswritten(name)
    layouts = (f"{name} {store}", f"{store}-{name}", f"{name}{store}", f"{contact.name} {name}", f"{name}（{store}）")
    return rng.choices(layouts, (60, 15, 10, 10, 5))[0]


def full_name(card: Card) -> str:
    """The name on the card; empty when it is a form of address."""
    return "" if card.name.endswith("女士") else card.name


def noted_name(contact: Contact, name: str) -> str:
    """The name of the customer in the remark, as the guide spelt it; empty when there is none."""
    return next((written for written in (name, _miswritten(name)) if written in contact.remark), "")


def _miswritten(name: str) -> str:
    """The name with a character that sounds alike."""
    return name[0] + MISWRITTEN[name[1:]]
