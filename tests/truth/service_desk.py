"""What the service desk must bring."""

from __future__ import annotations

from tests.sandbox.world.systems import service_desk
from tests.truth import Wire, of_files

TRUTH = {
    "tickets": of_files(
        service_desk.tickets, ("ticket_id",), ("status", "phone", "member_card", "topic"), version="updated_at"
    ),
    "reviews": of_files(service_desk.reviews, ("review_id",), ("order_no", "sku", "stars", "body")),
    "surveys": of_files(service_desk.surveys, ("survey_id",), ("member_card", "unionid", "score")),
}

WIRE = Wire(speaks="sftp", token="none")
