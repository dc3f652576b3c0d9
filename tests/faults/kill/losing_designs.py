"""What people build instead: each does its best in a few lines, and an exception or a kill starts it again.

All of them go through one table, against the same provider, and a second run goes on where the table says. None of
them can know what happened between its two steps; which step comes first decides whom it fails.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from unittest.mock import patch

from quanyu import warehouse
from quanyu.contracts import ChannelClient, Message, Verdict
from quanyu.errors import DeliveryUnknown, QuanyuError
from quanyu.warehouse import Connection
from tests.faults.kill.stage import Stage

BATCH = 20
"""As many as ours claims at a time."""

_CLEAR = {Verdict.ACCEPTED, Verdict.REFUSED}

_TABLE = """
create schema if not exists losing;
drop table if exists losing.message, losing.cursor;
create table losing.message (position int primary key, address text not null, is_done boolean not null default false);
insert into losing.message (position, address)
select row_number() over (order by key), address from activation.message;
create table losing.cursor as select 0 as position;
"""


def advance_cursor_first(table: Connection, client: ChannelClient) -> None:
    """Move the cursor behind the next batch, then send it: at most once, by batches."""
    while rows := _fetch(table, "position > (select position from losing.cursor)", BATCH):
        table.execute("update losing.cursor set position = %s", [rows[-1][0]])
        table.commit()
        _hand_over(client, rows)


def mark_before_call(table: Connection, client: ChannelClient) -> None:
    """Mark a message as sent, then send it: at most once."""
    while rows := _fetch(table, "not is_done", 1):
        _mark(table, rows)
        _hand_over(client, rows)


def batch_then_mark(table: Connection, client: ChannelClient) -> None:
    """Send a batch, then mark all of it: at least once, by batches."""
    while rows := _fetch(table, "not is_done", BATCH):
        _hand_over(client, rows)
        _mark(table, rows)


def send_then_mark(table: Connection, client: ChannelClient) -> None:
    """Send a message, then mark it: at least once."""
    while rows := _fetch(table, "not is_done", 1):
        _hand_over(client, rows)
        _mark(table, rows)


Design = Callable[[Connection, ChannelClient], None]
Rows = Sequence[tuple[int, str]]

DESIGNS: Mapping[str, Design] = {
    design.__name__: design for design in (advance_cursor_first, mark_before_call, batch_then_mark, send_then_mark)
}


@dataclass(frozen=True, slots=True)
class Losing:
    """One of them at work on a stage."""

    stage: Stage
    design: Design

    def begin(self) -> None:
        """Fill the table with the night's messages."""
        with warehouse.connect(self.stage.dsn) as connection:
            connection.execute(_TABLE)

    def attempt(self) -> list[str]:
        """One run; what stopped it."""
        with (
            patch("time.sleep", self.stage.time.elapse),
            self.stage.kind.channel.connect(self.stage.where) as client,
            warehouse.connect(self.stage.dsn) as table,
        ):
            try:
                self.design(table, client)
            except QuanyuError as error:
                return [str(error)]
        return []

    def states(self) -> Mapping[str, str]:
        """In the end such a design takes everything for sent."""
        return dict.fromkeys(self.stage.states(), "sent")

    def waiting(self) -> int:
        """How many are still to do, as the design sees it."""
        done = "not is_done and position > (select position from losing.cursor)"
        return int(self.stage.night.one(f"select count(*) from losing.message where {done}"))


def _fetch(table: Connection, which: str, count: int) -> Rows:
    found: Rows = table.execute(
        f"select position, address from losing.message where {which} order by position limit {count}"
    ).fetchall()
    table.commit()
    return found


def _mark(table: Connection, rows: Rows) -> None:
    table.execute("update losing.message set is_done = true where position = any(%s)", [[row[0] for row in rows]])
    table.commit()


def _hand_over(client: ChannelClient, rows: Rows) -> None:
    """Send. A lost answer is an exception, as it is with any HTTP client."""
    letters = [Message(key=str(position), address=address, template="好久不见") for position, address in rows]
    receipts = client.send("", letters)
    if doubtful := sum(receipt.verdict not in _CLEAR for receipt in receipts):
        raise DeliveryUnknown(f"{doubtful} of {len(receipts)} answers were lost.")
