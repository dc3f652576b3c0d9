"""The lists of a partner brand: hashes of phones under its contract."""

from __future__ import annotations

from typing import ClassVar

from tests.sandbox.daily_files import DailyFiles, Kind
from tests.sandbox.world.systems import alliance


class Alliance(DailyFiles):
    """One SFTP account."""

    name: ClassVar[str] = "alliance"
    kinds: ClassVar[tuple[Kind, ...]] = (
        Kind("ALLIANCE", alliance.members, "contract,phone_hash,segment,is_listed,changed_at", odd="changed_at"),
    )
