"""Leads that come as lists: fairs, store events, and consoles without an API, from daily CSV files on SFTP.

What: whom somebody left a number for, with name and the baby's birthday (its year never lands). Xiaohongshu and
Zhihu have no evidenced API that hands out leads: their consoles' exports are mapped to these columns.

Why a re-run is safe: files are only read, and one counts only when it is the one that its `.done` announces; the
day before is read again, because exports are corrected under the next number.

    list -> per day: .done (md5 size rows) -> bytes -> rows of the declared types (source.yml)

Alone: python -m quanyu.sources.leads --date 2026-11-20
"""

from quanyu.declared import declared_source

SOURCE = declared_source(__file__, __doc__)
