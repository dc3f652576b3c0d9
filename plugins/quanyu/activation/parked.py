"""Messages of which nobody here can know whether they left: what their provider can be asked by, and the answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from quanyu import warehouse
from quanyu.errors import Rejected

_SHORTEST = 8


@dataclass(frozen=True, slots=True)
class Parked:
    """One message. `batch_key` is what its call was named by (OutId, SessionContext), `address` may be a token."""

    key: str
    business_date: date
    segment: str
    channel: str
    sender: str
    address: str
    batch_key: str
    called_at: datetime | None
    reason: str


def parked(dsn: str, channel: str = "") -> list[Parked]:
    """Everything parked, on one channel or on all, the oldest first."""
    with warehouse.connect(dsn) as connection:
        rows = connection.execute(
            "select key, business_date, segment, channel, sender, address, batch_key, batch_at, reason"
            " from activation.message where state = 'parked' and (%(channel)s = '' or channel = %(channel)s)"
            " order by batch_at, key",
            {"channel": channel},
        ).fetchall()
    return [Parked(*row) for row in rows]


def resolve(dsn: str, names: Sequence[str], *, was_sent: bool, who: str) -> int:
    """Store what a person found out about parked messages; return how many.

    A name is a message's key or its first digits (at least 8), or the key of its batch. What was not sent waits
    again, and goes out if its day still may. Raises Rejected, and changes nothing, when a name fits no parked message.
    """
    with warehouse.connect(dsn) as connection:
        keys: set[str] = set()
        for name in names:
            found = connection.execute(
                "select key from activation.message where state = 'parked'"
                " and (batch_key = %(name)s or (length(%(name)s) >= %(shortest)s and starts_with(key, %(name)s)))",
                {"name": name, "shortest": _SHORTEST},
            ).fetchall()
            if not found:
                raise Rejected(
                    f"{name} names no parked message.",
                    remedy=f"`quanyu outbox parked` lists them; a key needs at least {_SHORTEST} digits.",
                )
            keys.update(key for (key,) in found)
        return connection.execute(
            "update activation.message set state = %s, reason = %s where key = any(%s) and state = 'parked'",
            ["sent" if was_sent else "pending", f"settled by {who}", sorted(keys)],
        ).rowcount
