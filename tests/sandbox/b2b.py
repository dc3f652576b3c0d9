"""The wholesale system's export: companies and orders that changed each day."""

from __future__ import annotations

from typing import ClassVar

from tests.sandbox.daily_files import DailyFiles, Kind
from tests.sandbox.world.systems import b2b


class B2b(DailyFiles):
    """One SFTP account."""

    name: ClassVar[str] = "b2b"
    kinds: ClassVar[tuple[Kind, ...]] = (
        Kind("COMPANIES", b2b.companies, "credit_code,company,tier,city,updated_at", odd="updated_at"),
        Kind(
            "ORDERS",
            b2b.orders,
            "order_no,credit_code,sku,quantity,amount_yuan,status,ordered_at,updated_at",
            odd="updated_at",
        ),
    )
