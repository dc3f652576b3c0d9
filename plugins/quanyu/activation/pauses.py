"""Times before which a provider wants no call, kept for every process that sends; some end when a person says so."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime, timedelta

from quanyu import warehouse
from quanyu.activation.ledger import Clock
from quanyu.contracts import SHANGHAI
from quanyu.errors import Rejected, SwitchedOff, Throttled
from quanyu.warehouse import Connection, Session

PATIENCE = timedelta(minutes=2)
"""A longer wait is not slept, but left to whoever runs the task again."""

# How long is waited when the provider named no time.
_UNNAMED_WAIT = timedelta(minutes=1)


def pause(session: Session, channel: str, error: Throttled | SwitchedOff, *, ticks: Clock) -> datetime | None:
    """Remember, for every sender, until when the provider wants no call, and return it; None: until `resume`."""
    until = None if isinstance(error, SwitchedOff) else error.until or ticks() + _UNNAMED_WAIT
    with session.transaction() as connection:
        connection.execute(
            "insert into activation.pause (channel, until, reason)"
            " values (%s, coalesce(%s::timestamptz, 'infinity'), %s) on conflict (channel)"
            " do update set until = excluded.until, reason = excluded.reason where pause.until < excluded.until",
            [channel, until, error.message],
        )
    return until


def resume(dsn: str, channel: str, *, who: str) -> None:
    """Let a channel that was switched off be called again. Raises Rejected when it is not."""
    with warehouse.connect(dsn) as connection:
        lifted = connection.execute(
            "update activation.pause set until = 'epoch', reason = %s where channel = %s and until = 'infinity'",
            [f"lifted by {who}", channel],
        ).rowcount
    if not lifted:
        raise Rejected(
            f"{channel} is not switched off.",
            remedy="check its name (`quanyu channels`); a pause that names a time ends by itself.",
        )


def switched_off(connection: Connection) -> set[str]:
    """The channels that no sender calls before a person says `resume`."""
    rows = connection.execute("select channel from activation.pause where until = 'infinity'").fetchall()
    return {str(channel) for (channel,) in rows}


def wait_out(
    session: Session,
    channel: str,
    *,
    ticks: Clock,
    patience: timedelta = PATIENCE,
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Wait until the provider allows a call again.

    Raises Throttled when that is further away than `patience`, SwitchedOff when it is a person's to say.
    """
    with session.transaction() as connection:
        row = connection.execute(
            "select nullif(until, 'infinity'), reason from activation.pause where channel = %s", [channel]
        ).fetchone()
    if row and row[0] is None:
        raise SwitchedOff(
            f"{channel} is switched off: {row[1]}",
            remedy=f"find out why; `quanyu outbox resume {channel} --who <you>` lets it be called again.",
        )
    wait = row[0] - ticks() if row else timedelta()
    if row and wait > patience:
        raise Throttled(
            f"{channel} wants no call before {row[0].astimezone(SHANGHAI):%Y-%m-%d %H:%M:%S}.",
            until=row[0],
            remedy="run the task again after that time; nothing was lost.",
        )
    if wait > timedelta():
        sleep(wait.total_seconds())
