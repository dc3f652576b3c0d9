"""The content team's sheets: posts on Zhihu and Toutiao, paid placements, and two calendars, from CSV on SFTP.

What: daily figures of posts on platforms of which no reporting API is evidenced; placements with creators (KOL,
KOC, celebrities) and their fees; appearances of celebrities and dates of public relations. No persons but public
ones.

Why a re-run is safe: files are only read, and one counts only when it is the one that its `.done` announces; the
day before is read again, because exports are corrected under the next number.

    list -> per day: .done (md5 size rows) -> bytes -> rows of the declared types (source.yml)

Alone: python -m quanyu.sources.content_desk --date 2026-11-20
"""

from quanyu.declared import declared_source

SOURCE = declared_source(__file__, __doc__)
