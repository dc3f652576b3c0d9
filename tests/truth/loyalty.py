"""What the loyalty system must bring."""

from __future__ import annotations

from tests.sandbox.world.systems import loyalty
from tests.truth import Wire, of_files

TRUTH = {
    "coupons": of_files(loyalty.coupons, ("act_id",), ("act", "member_card", "value_yuan")),
    "points": of_files(loyalty.points, ("entry_id",), ("member_card", "delta", "balance")),
    "invitations": of_files(loyalty.invitations, ("invitation_id",), ("inviter_card", "invitee_card")),
}

WIRE = Wire(speaks="sftp", token="none")
