"""Renewed tokens are kept for every process, encrypted, and renewed once however many ask."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from quanyu.contracts import Connection, Grant
from quanyu.errors import TokenExpired
from quanyu.landing.tokens import WarehouseTokens
from quanyu.tokens import Tokens
from quanyu.transport import Http
from quanyu.vault import Vault

VAULT = Vault(bytes(range(32)))
SOON = datetime.now(UTC) + timedelta(hours=1)
WHERE = Connection(
    name="ads", url="http://127.0.0.1:9", extra={"access_token": "a0", "refresh_token": "r0", "account": "adv-1"}
)


class Platform:
    """Rotates pairs: each refresh token works once, only the newest access token lives."""

    def __init__(self) -> None:
        self.number = 0
        self.refreshes: list[str] = []
        self.lock = threading.Lock()

    def issue(self, previous: Grant | None) -> Grant:
        with self.lock:
            assert previous is not None
            assert previous.refresh_token == f"r{self.number}", "a dead refresh token was used"
            self.refreshes.append(previous.refresh_token)
            self.number += 1
            return Grant(access_token=f"a{self.number}", refresh_token=f"r{self.number}", expires_at=SOON)

    def use(self, token: str) -> str:
        if self.number == 0 or token != f"a{self.number}":
            raise TokenExpired("dead")
        return token


def tokens(dsn: str, platform: Platform, where: Connection = WHERE) -> Tokens:
    kept = replace(where, tokens=WarehouseTokens(dsn, VAULT, "ads"))
    return Tokens(Http("http://127.0.0.1:9"), kept, platform.issue)


def test_the_next_process_uses_what_the_last_one_was_given(dsn: str) -> None:
    platform = Platform()
    assert tokens(dsn, platform).call(platform.use) == "a1"
    assert tokens(dsn, platform).call(platform.use) == "a1"
    assert platform.refreshes == ["r0"]


def test_many_processes_at_once_renew_once(dsn: str) -> None:
    platform = Platform()
    used: list[str] = []
    threads = [threading.Thread(target=lambda: used.append(tokens(dsn, platform).call(platform.use))) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert used == ["a1"] * 6
    assert platform.refreshes == ["r0"]


def test_a_crash_before_the_new_pair_is_kept_leaves_the_old_one(dsn: str) -> None:
    store = WarehouseTokens(dsn, VAULT, "ads")
    first = Grant(access_token="a1", refresh_token="r1", expires_at=SOON)
    with store.exclusive("adv-1", "seed") as slot:
        slot.put(first)

    def crash() -> None:
        with store.exclusive("adv-1", "seed") as slot:
            slot.put(replace(first, access_token="a2", refresh_token="r2"))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        crash()
    with store.exclusive("adv-1", "seed") as slot:
        assert slot.get() == first


def test_a_new_authorisation_begins_anew(dsn: str) -> None:
    """A person put another pair into the connection: what was kept of the old one no longer counts."""
    tokens(dsn, platform := Platform()).call(platform.use)
    authorised = replace(WHERE, extra={**WHERE.extra, "access_token": "b0", "refresh_token": "r1"})
    assert tokens(dsn, platform, authorised).call(platform.use) == "a2"
    assert platform.refreshes == ["r0", "r1"]


def test_accounts_do_not_share_a_grant(dsn: str) -> None:
    tokens(dsn, platform := Platform()).call(platform.use)
    other = replace(WHERE, extra={**WHERE.extra, "account": "adv-2"})
    with WarehouseTokens(dsn, VAULT, "ads").exclusive(other.account, "seed") as slot:
        assert slot.get() is None


def test_nothing_stands_in_clear(dsn: str) -> None:
    tokens(dsn, platform := Platform()).call(platform.use)
    with psycopg.connect(dsn) as connection:
        rows = connection.execute("select g::text, sealed from vault.platform_grant as g").fetchall()
    assert len(rows) == 1
    for text, sealed in rows:
        assert '"a1"' not in text
        assert b"access_token" not in bytes(sealed)
