"""Consents from anywhere else: newsletter forms, call centres, paper, as CSV files on SFTP.

What: who permitted or took back what, when and under which wording. `act` is one of the seed consent_acts
(email_consent, call_consent, advertising_consent, handover_consent, or any other), or minor_declared: that this is
somebody below 14. Whose it is says account_type and account_id (scope: the brand where it is empty), else the phone,
else the mail address. A mail address beside an account is that account's address. The columns are our proposal.

Why a re-run is safe: files are only read, and one counts only when it is the one that its `.done` announces; a day
without a file is a day without consents, and a corrected day replaces itself.

    list -> per day: .done (md5 size rows) -> bytes -> rows of the declared types (source.yml)

Alone: python -m quanyu.sources.consent_import --date 2026-11-20
"""

from quanyu.declared import declared_source

SOURCE = declared_source(__file__, __doc__)
