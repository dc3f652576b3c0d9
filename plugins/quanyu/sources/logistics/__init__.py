"""The carriers: parcels that moved, from daily CSV files on SFTP.

What: a parcel's number, order and state; the receiver is not in it. The columns are our proposal (docs/bring-your-
own.md).

Why a re-run is safe: files are only read, and one counts only when it is the one that its `.done` announces; the
day before is read again, because exports are corrected under the next number.

    list -> per day: .done (md5 size rows) -> bytes -> rows of the declared types (source.yml)

Alone: python -m quanyu.sources.logistics --date 2026-11-20
"""

from quanyu.declared import declared_source

SOURCE = declared_source(__file__, __doc__)
