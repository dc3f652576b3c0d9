"""Renewed tokens in the vault: one row per source and account, encrypted, renewed by one process at a time."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from quanyu import warehouse
from quanyu.contracts import Grant
from quanyu.vault import Vault


@dataclass(frozen=True, slots=True)
class WarehouseTokens:
    """The `TokenStore` of one source. What a row holds opens under the vault key only."""

    dsn: str
    vault: Vault
    source: str

    @contextmanager
    def exclusive(self, account: str, seed: str) -> Iterator[_Slot]:
        """Hold the account's grant; whoever comes second waits and finds what the first one kept."""
        with warehouse.connect(self.dsn) as connection:
            connection.execute("select pg_advisory_xact_lock(hashtext(%s))", [f"quanyu.token.{self.source}.{account}"])
            yield _Slot(connection, self.vault, self.source, account, seed)


@dataclass(frozen=True, slots=True)
class _Slot:
    connection: warehouse.Connection
    vault: Vault
    source: str
    account: str
    seed: str

    @property
    def _name(self) -> str:
        return f"grant:{self.source}:{self.account}"

    def get(self) -> Grant | None:
        """The newest grant that descends from what the connection holds."""
        row = self.connection.execute(
            "select sealed from vault.platform_grant where source = %s and account = %s and seed = %s",
            [self.source, self.account, self.seed],
        ).fetchone()
        if row is None:
            return None
        kept = json.loads(self.vault.open(self._name, row[0]))
        return Grant(
            access_token=kept["access_token"],
            refresh_token=kept["refresh_token"],
            expires_at=datetime.fromisoformat(kept["expires_at"]),
        )

    def put(self, grant: Grant) -> None:
        """Keep it; it stands when the block ends without an exception."""
        kept = {
            "access_token": grant.access_token,
            "refresh_token": grant.refresh_token,
            "expires_at": grant.expires_at.isoformat(),
        }
        self.connection.execute(
            """insert into vault.platform_grant (source, account, seed, sealed) values (%s, %s, %s, %s)
            on conflict (source, account) do update
            set seed = excluded.seed, sealed = excluded.sealed, renewed_at = clock_timestamp()""",
            [self.source, self.account, self.seed, self.vault.seal(self._name, json.dumps(kept))],
        )
