"""Source -> landing pen -> raw, whole or not at all, and the night's ledger of what was read.

    land   one entity into its pen, personal fields as tokens; a drift freezes the entity for the night
    admit  every pen of a source that its gate let through, into raw, in one transaction
    seal   the source's line in the night ledger, whatever happened

Each may be repeated for any date: the same reading leaves raw as it is, row for row.
"""

from quanyu.landing.admission import admit
from quanyu.landing.books import SourceNight, last_night, pens, seal, sealed
from quanyu.landing.reading import land
from quanyu.landing.tables import prepare

__all__ = ["SourceNight", "admit", "land", "last_night", "pens", "prepare", "seal", "sealed"]
