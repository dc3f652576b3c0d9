"""Accounts as the world knows them: where a token stands in an account's id, the number behind it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from quanyu.vault import Vault
from quanyu.warehouse import Connection
from tests.sandbox.world.model import Account

_TOKEN = re.compile(r"ph_[0-9a-f]{32}")


def in_clear(accounts: Iterable[Account], connection: Connection, vault: Vault) -> Mapping[Account, Account]:
    """Each account -> the same with clear numbers (11 digits); a lead of a form has no other id than its phone."""
    known = list(accounts)
    tokens = {token for _, _, account_id in known for token in _TOKEN.findall(account_id)}
    numbers = {token: number.removeprefix("+86") for token, number in vault.reveal(connection, tokens).items()}
    return {
        account: (*account[:2], _TOKEN.sub(lambda found: numbers.get(found[0], found[0]), account[2]))
        for account in known
    }
