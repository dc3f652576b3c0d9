"""What the interface for Xiaohongshu's creators must bring."""

from __future__ import annotations

from datetime import datetime

from quanyu.contracts import Window
from tests.sandbox.world import World
from tests.sandbox.world.systems.xiaohongshu_notes import notes
from tests.truth import Facts, Truth, Wire


def _notes(world: World, window: Window, end: datetime) -> Facts:
    return {
        of.note_id: (of.title, of.kol_id, of.read(end))
        for of in notes(world)
        if window.start <= of.published_at < window.end and of.published_at < end
    }


TRUTH = {"notes": Truth(_notes, lambda row: (row["note_title"], row["kol_id"], row["read_num"]))}

WIRE = Wire(token="renews")
