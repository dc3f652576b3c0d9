"""The stores' SFTP drop; see `sftp_outbox` for the server and `outbox` for the files."""

from __future__ import annotations

from datetime import date
from typing import ClassVar

from tests.sandbox import outbox
from tests.sandbox.drops import Drop
from tests.sandbox.sftp_outbox import SftpOutbox


class Store(SftpOutbox):
    """What the tills of all stores upload."""

    name: ClassVar[str] = "store"
    new_column: ClassVar[tuple[str, str]] = ("pos_version", "9.1")

    def written(self, today: date) -> dict[str, Drop]:
        """One file per kind, store and day."""
        return outbox.drops(self.world, today)
