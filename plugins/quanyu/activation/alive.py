"""Whether the process that claimed a batch is still there, however long it has been silent.

A lease is a clock, and nobody can look at a clock and call a provider in one step: a process that is stopped in between
(SIGSTOP, a paused machine) makes its call long after the lease. So a sender holds a lock of an open transaction from
before that look until the outcome is stored. Postgres keeps the lock of a stopped process and drops that of a dead one;
whoever would resolve the batch leaves it alone meanwhile, and a sender that comes later finds its lease over.

That transaction is idle for as long as a call takes, and a limit on idle ones, which many managed servers have, would
drop the lock of a process that only sleeps and then makes its call: this connection has none, unlike a claim's
(`quanyu.activation.ledger.STANDSTILL`), which has made no call yet.

What remains: a process that is stopped exactly there while its connection is cut as well.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from quanyu import warehouse
from quanyu.warehouse import Connection

_LOCK = "hashtextextended('quanyu.batch|' || %s, 0)"

# A machine that lost its power says no goodbye; Postgres would wait two hours for it. 60 s of silence and six
# questions, ten seconds apart: https://www.postgresql.org/docs/current/runtime-config-connection.html
# Limits that server, database or role may set: https://www.postgresql.org/docs/current/runtime-config-client.html
_ENDS_WITH_ITS_PROCESS = """
select
    set_config('tcp_keepalives_idle', '60', false),
    set_config('tcp_keepalives_interval', '10', false),
    set_config('tcp_keepalives_count', '6', false),
    set_config('idle_in_transaction_session_timeout', '0', false),
    set_config('transaction_timeout', '0', false),
    set_config('idle_session_timeout', '0', false)
"""


@contextmanager
def hand(dsn: str) -> Iterator[Connection]:
    """Open the connection that shows what a sender has in hand, and does nothing else."""
    with warehouse.connect(dsn) as connection:
        connection.execute(_ENDS_WITH_ITS_PROCESS)
        connection.commit()
        yield connection


@contextmanager
def holding(connection: Connection, batch_key: str) -> Iterator[None]:
    """Show that the batch is in hand until the block ends."""
    connection.execute(f"select pg_advisory_xact_lock({_LOCK})", [batch_key])
    try:
        yield
    finally:
        connection.commit()


def is_in_hand(connection: Connection, batch_key: str) -> bool:
    """Whether a living process, stopped or not, may still make the call of this batch."""
    row = connection.execute(f"select pg_try_advisory_xact_lock({_LOCK})", [batch_key]).fetchone()
    return row is None or not row[0]
