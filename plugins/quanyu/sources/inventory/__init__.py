"""Stock: the evening count of every store and warehouse, from daily CSV files on SFTP.

What: pieces on hand, reserved and on their way, per location and article. The columns are our proposal.

Why a re-run is safe: files are only read, and one counts only when it is the one that its `.done` announces; the
day before is read again, because exports are corrected under the next number.

    list -> per day: .done (md5 size rows) -> bytes -> rows of the declared types (source.yml)

Alone: python -m quanyu.sources.inventory --date 2026-11-20
"""

from quanyu.declared import declared_source

SOURCE = declared_source(__file__, __doc__)
