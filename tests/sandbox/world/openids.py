"""The appids of the brand beside its official account, and who somebody is to each of them.

An openid is one person to one appid: whatever shows it, a mall, a payment or a tracked event, shows the same one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.sandbox.world import World

MINI_APPID = "wx0quanyu00000002"
"""The brand's mini program; the tills and the mall take WeChat Pay under it."""
STORE_APPID = "wx0quanyu00000003"
"""The WeChat Store (微信小店)."""


def openid(world: World, appid: str, person: str) -> str:
    """What `appid` calls a person."""
    return world.code(f"openid {appid}", person, "o", 28)
