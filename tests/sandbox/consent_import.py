"""The list of consents from elsewhere, one file a day."""

from __future__ import annotations

from typing import ClassVar

from tests.sandbox.daily_files import DailyFiles, Kind
from tests.sandbox.world.systems import consent_import


class ConsentImport(DailyFiles):
    """One SFTP account."""

    name: ClassVar[str] = "consent_import"
    kinds: ClassVar[tuple[Kind, ...]] = (
        Kind(
            "CONSENTS",
            consent_import.entries,
            "entry_id,account_type,scope,account_id,phone,email,act,is_granted,decided_at,text_version",
            odd="decided_at",
        ),
    )
