"""Times before which a provider wants no call, kept for every process that sends."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime, timedelta

from quanyu import warehouse
from quanyu.activation.ledger import Clock
from quanyu.contracts import SHANGHAI
from quanyu.errors import Throttled

PATIENCE = timedelta(minutes=2)
"""A longer wait is not slept, but left to whoever runs the task again."""

UNNAMED_WAIT = timedelta(minutes=1)
"""How long is waited when the provider named no time."""


def pause(dsn: str, channel: str, until: datetime, reason: str) -> None:
    """Remember, for every sender, that the provider wants no call before `until`."""
    with warehouse.connect(dsn) as connection:
        connection.execute(
            "insert into activation.pause (channel, until, reason) values (%s, %s, %s) on conflict (channel)"
            " do update set until = greatest(pause.until, excluded.until), reason = excluded.reason",
            [channel, until, reason],
        )


def wait_out(
    dsn: str,
    channel: str,
    *,
    ticks: Clock,
    patience: timedelta = PATIENCE,
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Wait until the provider allows a call again; raises Throttled when that is further away than `patience`."""
    with warehouse.connect(dsn) as connection:
        row = connection.execute("select until from activation.pause where channel = %s", [channel]).fetchone()
    wait = row[0] - ticks() if row else timedelta()
    if row and wait > patience:
        raise Throttled(
            f"{channel} wants no call before {row[0].astimezone(SHANGHAI):%Y-%m-%d %H:%M:%S}.",
            until=row[0],
            remedy="run the task again after that time; nothing was lost.",
        )
    if wait > timedelta():
        sleep(wait.total_seconds())
