"""The carriers' export: parcels that moved each day."""

from __future__ import annotations

from typing import ClassVar

from tests.sandbox.daily_files import DailyFiles, Kind
from tests.sandbox.world.systems import logistics


class Logistics(DailyFiles):
    """One SFTP account."""

    name: ClassVar[str] = "logistics"
    kinds: ClassVar[tuple[Kind, ...]] = (
        Kind(
            "PARCELS",
            logistics.parcels,
            "waybill_no,order_source,order_no,carrier,status,province,city,shipped_at,signed_at,updated_at",
            odd="updated_at",
        ),
    )
