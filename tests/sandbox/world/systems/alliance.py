"""A partner brand that shares some of our customers, and tells their phones as salted hashes only."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from tests.sandbox.world.calendar import moment
from tests.sandbox.world.facts import Fact, in_order, text

if TYPE_CHECKING:
    from tests.sandbox.world import World

CONTRACT = "milk-2026"
SALT = "sandbox salt of milk-2026|"
DIGESTS = {CONTRACT: f"sha256:{SALT}{{phone}}"}
"""What QUANYU_PHONE_DIGESTS says where this list is read."""


def members(world: World) -> list[Fact]:
    """Half of our people and as many strangers; a few are taken off the list later."""
    rng = world.dice("alliance")
    days = list(world.calendar.days())
    found = []
    for person in world.people:
        for phone in (person.phone, f"199{rng.randrange(10**8):08d}"):
            if rng.random() < 0.5:
                continue
            digest = hashlib.sha256(f"{SALT}{phone}".encode()).hexdigest()
            segment = "gold" if rng.random() < 0.3 else "regular"
            listed = moment(rng, days[0], 10, 20)
            row = {"contract": CONTRACT, "phone_hash": digest, "segment": segment, "is_listed": "True"}
            found.append(Fact(listed, {**row, "changed_at": text(listed)}))
            if rng.random() < 0.03:
                gone = moment(rng, rng.choice(days[1:]), 10, 20)
                found.append(Fact(gone, {**row, "is_listed": "False", "changed_at": text(gone)}))
    return in_order(found)
