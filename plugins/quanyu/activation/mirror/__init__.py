"""Tags, groups and ad audiences that equal a segment every morning.

The difference between who should be in a list and who is acknowledged to be there is handed over, row by row, and
again after every crash: lists are sets, so the same change twice is the same list.

    segment -> holdout, consent, erased people out -> difference -> remove, add -> outcome per row -> counted

    wanted -> adding -> present -> removing -> (no row)
              adding -> refused -> wanted (after 1, 2, 4 ... 32 nights)

at_work    the audiences that have something to do
run        bring the lists of one audience up to a night
held, release  lists that wait for a person's approval
waterfall  what became of everybody in a mirrored segment
"""

from quanyu.activation.mirror.brake import ListHold, held, release
from quanyu.activation.mirror.count import MirrorRow, waterfall
from quanyu.activation.mirror.lists import at_work
from quanyu.activation.mirror.run import MirrorReport, run

__all__ = ["ListHold", "MirrorReport", "MirrorRow", "at_work", "held", "release", "run", "waterfall"]
