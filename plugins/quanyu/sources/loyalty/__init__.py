"""The loyalty system: acts on coupons, the points ledger and invitations, by member card, from daily CSV files on SFTP.

What: coupons issued and used, points booked, invitations that a friend accepted (by poster, share or distributor). A
member card is an identifier of the store's, no personal value. The columns are our proposal.

Why a re-run is safe: files are only read, and one counts only when it is the one that its `.done` announces; the
day before is read again, because exports are corrected under the next number.

    list -> per day: .done (md5 size rows) -> bytes -> rows of the declared types (source.yml)

Alone: python -m quanyu.sources.loyalty --date 2026-11-20
"""

from quanyu.declared import declared_source

SOURCE = declared_source(__file__, __doc__)
