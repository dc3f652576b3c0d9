"""The lists of leads, one file a day."""

from __future__ import annotations

from typing import ClassVar

from tests.sandbox.daily_files import DailyFiles, Kind
from tests.sandbox.world.systems import leads


class Leads(DailyFiles):
    """One SFTP account."""

    name: ClassVar[str] = "leads"
    kinds: ClassVar[tuple[Kind, ...]] = (
        Kind(
            "LEADS",
            leads.leads,
            "lead_id,origin,campaign,captured_at,name,phone,baby_birthday,store_code,consent,note",
            odd="captured_at",
        ),
    )
