"""Bring the lists of one audience up to a night: difference, hand over, outcome; each step its own transaction.

Two clocks, as in `quanyu.activation.send`: `clock` is the sender's and decides dates, `ticks` is real time.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from typing import TypeVar

from quanyu import warehouse
from quanyu.activation.keys import holdout_salt
from quanyu.activation.ledger import Clock
from quanyu.activation.mirror import brake, count, difference, lists, rows, tickets
from quanyu.activation.mirror.lists import List
from quanyu.activation.mirror.rows import Batch
from quanyu.activation.pauses import pause, wait_out
from quanyu.activation.send import require_sendable
from quanyu.contracts import Audience, AudienceClient, Receipt, RemoteList, SettlesLater, TellsMembers
from quanyu.errors import DeliveryUnknown, QuanyuError, Throttled
from quanyu.settings import utc_now
from quanyu.vault import Vault
from quanyu.warehouse import Connection, Session

_LOOKS, _BETWEEN_LOOKS = 12, 5.0
"""How often, and after how many seconds, one run asks for a file that a platform is working on."""

_FAILURES_IN_A_ROW = 3

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class MirrorReport:
    """Rows `added`, `removed`, `refused` and `open` (no verdict yet) in one run, and the lists that are held and why.

    `is_done` is false while a platform works on files or has said neither yes nor no of somebody: then the run is to
    be repeated later.
    """

    audience: str
    business_date: date
    counts: Counter[str] = field(default_factory=Counter)
    held: dict[str, str] = field(default_factory=dict)
    is_done: bool = True


def run(  # noqa: PLR0917  # the order in which one says it: which date, to which audience, by which client
    dsn: str,
    business_date: date,
    audience: Audience,
    client: AudienceClient,
    clock: Clock,
    vault: Vault,
    vault_key: bytes,
    *,
    ticks: Clock = utc_now,
    sleep: Callable[[float], None] = time.sleep,
) -> MirrorReport:
    """Make the platform's lists equal their segments; safe to repeat, at any moment and by two at once.

    Raises Rejected for a date that is over or not published, Throttled when the platform wants a long wait, and the
    first other error after every list had its turn. Whatever was not acknowledged is handed over by the next run.
    """
    require_sendable(business_date, clock())
    counts: Counter[str] = Counter()
    held: dict[str, str] = {}
    errors: list[QuanyuError] = []
    is_done = True
    with Session(dsn) as session:
        with session.transaction() as connection:
            lists.require_published(connection, business_date)
            due = lists.due(connection, audience)
        for of in due:
            this = _Mirroring(
                dsn=dsn,
                session=session,
                business_date=business_date,
                of=of,
                client=client,
                salt=holdout_salt(vault_key, of.segment),
                vault=vault,
                clock=clock,
                ticks=ticks,
                sleep=sleep,
            )
            try:
                reason, is_through = this.run()
                is_done = is_done and is_through
                held |= {of.segment: reason} if reason else {}
            except Throttled as error:
                raise error.at(f"{audience.name}.{of.segment}") from None
            except QuanyuError as error:
                errors.append(error.at(f"{audience.name}.{of.segment}"))
            counts.update(this.counts)
    if errors:
        raise errors[0]
    return MirrorReport(audience=audience.name, business_date=business_date, counts=+counts, held=held, is_done=is_done)


@dataclass(kw_only=True)
class _Mirroring:
    """One list on its way to the night's segment."""

    dsn: str
    session: Session
    business_date: date
    of: List
    client: AudienceClient
    salt: str
    vault: Vault
    clock: Clock
    ticks: Clock
    sleep: Callable[[float], None]
    counts: Counter[str] = field(default_factory=Counter)

    def run(self) -> tuple[str, bool]:
        """Bring the list up to date; why it is held, and whether there is nothing left to ask the platform."""
        with warehouse.connect(self.dsn, autocommit=True) as connection:
            lists.alone(connection, self.of)
            try:
                held, note, is_done = self._bring_up(connection)
            except QuanyuError as error:
                self._count(connection, type(error).__name__)
                raise
            self._count(connection, note if is_done else "the platform has not answered for everybody yet")
            return held, is_done

    def _bring_up(self, connection: Connection) -> tuple[str, str, bool]:
        if not self._settle(connection):
            return "", "", False
        with connection.transaction():
            difference.differ(connection, self.of, self.business_date, self.salt)
            states = rows.states(connection, self.of)
        self._count(connection, "not handed over yet")
        size = states["wanted"] + states["adding"] + states["present"]
        least = self.of.audience.smallest_list
        note = f"fewer than {least} people, the least that are uploaded" if 0 < size < least else ""
        if size < least and not states["adding"] + states["present"] + states["removing"]:
            return "", note, True
        remote = self._open(connection)
        with connection.transaction():
            held = brake.hold(connection, self.of, self.business_date)
        self._remove(connection, remote, is_free=not held)
        adds = not held and not note
        if adds:
            self._hand_over(connection, remote, partial(rows.next_to_add, connection, self.of, self.vault), adds=True)
            # Whoever withdrew meanwhile.
            self._remove(connection, remote, is_free=True)
        is_settled = self._settle(connection)
        if self.counts:
            self._believe(connection, remote, is_verdict=True)
        is_open = rows.is_open(connection, self.of, adds=adds, is_free=not held)
        return held, held or note, is_settled and not is_open

    def _open(self, connection: Connection) -> RemoteList:
        """The list at the platform; where it tells, who is in it is believed."""
        remote = self._asked(partial(self.client.open, self.of.name))
        with connection.transaction():
            if not remote.id:
                lists.making(connection, self.of, self.ticks())
            elif lists.found(connection, self.of, remote.id):
                difference.start_anew(connection, self.of)
        self._believe(connection, remote, is_verdict=False)
        return remote

    def _believe(self, connection: Connection, remote: RemoteList, *, is_verdict: bool) -> None:
        """Take over who the platform says is there; after the hand-over (`is_verdict`) who is missing was refused."""
        if not remote.id or not isinstance(self.client, TellsMembers):
            return
        told = self._asked(partial(self.client.members, remote))
        if told is not None:
            with connection.transaction():
                difference.believe(connection, self.of, told, self.business_date, is_verdict=is_verdict)

    def _remove(self, connection: Connection, remote: RemoteList, *, is_free: bool) -> None:
        take = partial(rows.next_to_remove, connection, self.of, self.vault, is_free=is_free)
        self._hand_over(connection, remote, take, adds=False)

    def _hand_over(
        self,
        connection: Connection,
        remote: RemoteList,
        take: Callable[[tuple[str, str]], Batch | None],
        *,
        adds: bool,
    ) -> None:
        """Pass once through the rows, batch by batch: taken and committed, called, outcome committed."""
        call = self.client.add if adds else self.client.remove
        after, failures = ("", ""), 0
        while True:
            wait_out(self.session, self.of.audience.name, ticks=self.ticks, sleep=self.sleep)
            require_sendable(self.business_date, self.clock())
            with connection.transaction():
                batch = take(after)
            if batch is None:
                return
            failed: QuanyuError | None = None
            try:
                receipts: Sequence[Receipt] = call(remote, batch.members) if batch.members else []
            except QuanyuError as error:
                failed, receipts = error, error.receipts
            with connection.transaction():
                self.counts.update(rows.store(connection, self.of, batch, receipts, self.business_date, adds=adds))
                if not isinstance(failed, DeliveryUnknown):
                    lists.answered(connection, self.of)
            failures = failures + 1 if failed else 0
            if failed and (failures == _FAILURES_IN_A_ROW or not isinstance(failed, Throttled | DeliveryUnknown)):
                raise failed
            if isinstance(failed, Throttled):
                # The same rows again; `wait_out` refuses to wait for too long.
                pause(self.session, self.of.audience.name, failed, ticks=self.ticks)
            else:
                after = batch.after

    def _settle(self, connection: Connection) -> bool:
        """Ask for the files under way, for a while; whether the platform has finished all of them."""
        for look in range(_LOOKS):
            files = tickets.under_way(connection, self.of)
            if not files or not isinstance(self.client, SettlesLater):
                return True
            if look:
                self.sleep(_BETWEEN_LOOKS)
            receipts = self._asked(partial(self.client.settle, files))
            with connection.transaction():
                tickets.close(connection, self.of, receipts, self.business_date)
        return not tickets.under_way(connection, self.of)

    def _asked(self, call: Callable[[], T]) -> T:
        """Make a call that hands nothing over; a wait that the platform wants is remembered."""
        wait_out(self.session, self.of.audience.name, ticks=self.ticks, sleep=self.sleep)
        try:
            return call()
        except Throttled as error:
            pause(self.session, self.of.audience.name, error, ticks=self.ticks)
            raise

    def _count(self, connection: Connection, note: str) -> None:
        with connection.transaction():
            count.record(connection, self.of, self.business_date, salt=self.salt, note=note)
