"""The loyalty system's export: coupon acts, points entries and accepted invitations of each day."""

from __future__ import annotations

from typing import ClassVar

from tests.sandbox.daily_files import DailyFiles, Kind
from tests.sandbox.world.systems import loyalty


class Loyalty(DailyFiles):
    """One SFTP account."""

    name: ClassVar[str] = "loyalty"
    kinds: ClassVar[tuple[Kind, ...]] = (
        Kind(
            "COUPONS",
            loyalty.coupons,
            "act_id,coupon_id,batch,act,acted_at,member_card,value_yuan,order_no",
            odd="acted_at",
        ),
        Kind("POINTS", loyalty.points, "entry_id,member_card,booked_at,delta,reason,balance,order_no", odd="delta"),
        Kind(
            "INVITATIONS",
            loyalty.invitations,
            "invitation_id,kind,inviter_card,invitee_card,accepted_at",
            odd="accepted_at",
        ),
    )
