"""Partner brands: the salted hashes of their customers' phones, under a contract, from CSV files on SFTP.

What: one hash and the partner's own segment of it; `is_listed` false takes a hash out again. No phone, name or id.
Contracts are rows of the seed alliance_contracts; the salt of each is an entry of QUANYU_PHONE_DIGESTS, by which our
phones meet the hashes. No identity rests on them. The columns are our proposal.

Why a re-run is safe: files are only read, and one counts only when it is the one that its `.done` announces; a day
without a file is a day without changes.

    list -> per day: .done (md5 size rows) -> bytes -> rows of the declared types (source.yml)

Alone: python -m quanyu.sources.alliance --date 2026-11-20
"""

from quanyu.declared import declared_source

SOURCE = declared_source(__file__, __doc__)
