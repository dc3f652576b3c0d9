"""The service desk: tickets that changed, reviews, and survey answers (NPS), from daily CSV files on SFTP.

What: callers' phones, the text of reviews and comments are personal. There is no standard for such exports: the
columns are our proposal, and a brand that has others writes a declaration of its own (docs/bring-your-own.md).

Why a re-run is safe: files are only read, and one counts only when it is the one that its `.done` announces; the
day before is read again, because exports are corrected under the next number.

    list -> per day: .done (md5 size rows) -> bytes -> rows of the declared types (source.yml)

Alone: python -m quanyu.sources.service_desk --date 2026-11-20
"""

from quanyu.declared import declared_source

SOURCE = declared_source(__file__, __doc__)
