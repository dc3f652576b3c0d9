"""The content team's sheets, exported each evening."""

from __future__ import annotations

from typing import ClassVar

from tests.sandbox.daily_files import DailyFiles, Kind
from tests.sandbox.world.systems import content_desk


class ContentDesk(DailyFiles):
    """One SFTP account."""

    name: ClassVar[str] = "content_desk"
    kinds: ClassVar[tuple[Kind, ...]] = (
        Kind(
            "POSTS",
            content_desk.posts,
            "on_day,platform,post_id,title,published_on,reads,likes,comments,shares",
            odd="reads",
        ),
        Kind(
            "PLACEMENTS",
            content_desk.placements,
            "placement_id,creator_id,creator_kind,platform,campaign,fee_yuan,status,published_at,updated_at",
            odd="updated_at",
        ),
        Kind("CALENDAR", content_desk.calendar, "entry_id,kind,title,starts_on,ends_on,updated_at", odd="updated_at"),
    )
