"""Wholesale: companies and their orders, from daily CSV files on SFTP. Companies, never people.

What: dealers by their unified social credit code (统一社会信用代码) and what they ordered. Nobody who works there
is read, and none of it is near identity.

Why a re-run is safe: files are only read, and one counts only when it is the one that its `.done` announces; the
day before is read again, because exports are corrected under the next number.

    list -> per day: .done (md5 size rows) -> bytes -> rows of the declared types (source.yml)

Alone: python -m quanyu.sources.b2b --date 2026-11-20
"""

from quanyu.declared import declared_source

SOURCE = declared_source(__file__, __doc__)
