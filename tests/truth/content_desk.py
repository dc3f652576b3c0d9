"""What the content team's sheets must bring."""

from __future__ import annotations

from tests.sandbox.world.systems import content_desk
from tests.truth import Wire, of_files

TRUTH = {
    "posts": of_files(content_desk.posts, ("on_day", "platform", "post_id"), ("reads", "likes")),
    "placements": of_files(content_desk.placements, ("placement_id",), ("status", "fee_yuan"), version="updated_at"),
    "calendar": of_files(content_desk.calendar, ("entry_id",), ("kind", "title", "starts_on"), version="updated_at"),
}

WIRE = Wire(speaks="sftp", token="none")
