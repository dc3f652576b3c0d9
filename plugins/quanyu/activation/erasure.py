"""People who were erased: what lies outside for them is taken away, and the ledger forgets their addresses.

A phone or a mail address is erased in the vault, and its token opens no more. A user id of the app or of a device is no
secret of the vault: its owner is erased when no account of theirs is left, and nobody else has the address.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol, runtime_checkable

from quanyu import warehouse
from quanyu.contracts import Channel, ChannelClient

IS_ERASED = (
    "message.state = 'sent' and message.address <> '' and message.account_key <> ''"
    " and not exists (select from marts.bridge_customer_accounts as account"
    " where account.account_key = message.account_key)"
    " and not exists (select from marts.bridge_customer_addresses as bridge"
    " where bridge.channel = message.channel and bridge.address = message.address)"
)
"""Whether a message that went out has an address of which nobody is left."""


@runtime_checkable
class Forgets(Protocol):
    """A channel client whose messages lie where they can be taken away again."""

    def forget(self, addresses: Iterable[str]) -> None:
        """Take away whatever lies there for these addresses; it may be gone already."""
        ...


def forget_erased(dsn: str, channel: Channel, client: ChannelClient) -> int:
    """Forget the addresses of erased people, once nothing lies there for them; return how many. Safe to repeat.

    Where receipts are asked for by the address, it is kept: such a message has its end after 30 days.
    """
    if channel.has_receipts:
        return 0
    with warehouse.connect(dsn) as connection:
        rows = connection.execute(
            f"select distinct address from activation.message where channel = %s and {IS_ERASED}", [channel.name]
        ).fetchall()
    addresses = [address for (address,) in rows]
    if addresses and isinstance(client, Forgets):
        client.forget(addresses)
    with warehouse.connect(dsn) as connection:
        connection.execute(
            f"update activation.message set address = '' where channel = %s and address = any(%s) and {IS_ERASED}",
            [channel.name, addresses],
        )
    return len(addresses)
