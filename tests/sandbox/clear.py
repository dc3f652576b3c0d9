"""What the world calls an account or a record: where a token stands in an id, the value behind it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from quanyu.vault import Vault
from quanyu.warehouse import Connection
from tests.sandbox.world.model import Account

_TOKEN = re.compile(r"[a-z]{2}_[0-9a-f]{32}")


def revealed(texts: Iterable[str], connection: Connection, vault: Vault) -> Mapping[str, str]:
    """Each text -> the same with the values of its tokens; a phone has its 11 digits."""
    given = list(texts)
    values = vault.reveal(connection, {token for text in given for token in _TOKEN.findall(text)})
    clear = {token: value.removeprefix("+86") for token, value in values.items()}
    return {text: _TOKEN.sub(lambda found: clear.get(found[0], found[0]), text) for text in given}


def in_clear(accounts: Iterable[Account], connection: Connection, vault: Vault) -> Mapping[Account, Account]:
    """Each account -> the same with clear numbers; a lead of a form has no other id than its phone."""
    known = list(accounts)
    ids = revealed({account_id for _, _, account_id in known}, connection, vault)
    return {account: (*account[:2], ids[account[2]]) for account in known}
