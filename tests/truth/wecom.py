"""What WeCom must bring."""

from __future__ import annotations

from datetime import datetime

from quanyu.contracts import Window
from tests.sandbox.world import World
from tests.truth import Facts, Truth, Wire


def _contacts(world: World, _window: Window, end: datetime) -> Facts:
    return {
        f"{contact.external_userid}|{contact.staff_userid}": (contact.name, contact.remark, contact.remark_mobiles)
        for contact in world.contacts
        if contact.exists(end)
    }


TRUTH = {
    "contacts": Truth(
        _contacts,
        lambda row: (
            row["external_contact"]["name"],
            row["follow_info"]["remark"],
            tuple(row["follow_info"]["remark_mobiles"]),
        ),
    ),
}

WIRE = Wire(token="renews", drifts="")
