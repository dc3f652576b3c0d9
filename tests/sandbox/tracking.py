"""The collector of our own tracking: one file of JSON Lines a day."""

from __future__ import annotations

from typing import ClassVar

from tests.sandbox.daily_files import DailyFiles, Kind
from tests.sandbox.world.facts import Fact
from tests.sandbox.world.systems import tracking


class Tracking(DailyFiles):
    """One SFTP account."""

    name: ClassVar[str] = "tracking"
    kinds: ClassVar[tuple[Kind, ...]] = (
        Kind(
            "EVENTS",
            tracking.events,
            "event_id,event,occurred_at,platform,appid,device_id,user_id,openid,unionid,"
            "phone_sha256,session_id,page,sku,utm_source,utm_campaign,properties",
            odd="occurred_at",
            ending="jsonl",
        ),
    )

    def facts(self, kind: Kind) -> list[Fact]:
        """What people did, and what their apps showed of the brand's popups."""
        return [*super().facts(kind), *self.world.reported]
