"""Resolve what a crash or a lost answer left in `sending`, by what the channel can do. Nothing is guessed.

A `DedupKey` channel gets the same batch under the same key again, a `Query` channel is asked, and where neither
is possible the message is parked for a person.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from quanyu import deadline
from quanyu.activation import alive, claim, ledger
from quanyu.activation.consent import NO_CONSENT_TODAY
from quanyu.activation.definition import SegmentDefinition, parse
from quanyu.activation.ledger import Batch, Clock, Row
from quanyu.activation.pauses import pause, wait_out
from quanyu.activation.receipts import believe_receipts
from quanyu.activation.send import LEASE, require_sendable
from quanyu.contracts import SHANGHAI, Channel, ChannelClient, DedupKey, Neither, Query, Receipt, Verdict
from quanyu.errors import DeliveryUnknown, QuanyuError, Rejected, SwitchedOff, Throttled, TooLate
from quanyu.settings import utc_now
from quanyu.vault import Vault
from quanyu.warehouse import Connection, Session


@dataclass(frozen=True, slots=True, kw_only=True)
class SettleReport:
    """How many messages took each state, e.g. `{"sent": 40, "pending": 2}`: what is pending can be sent again.

    `sending` are those still unknown; `again_at` is when all of them can be asked about.
    """

    channel: str
    states: Counter[str] = field(default_factory=Counter)
    again_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Case:
    """A batch whose sender is gone. `batch_at` is when it was fixed, before its first call."""

    batch_key: str
    segment: str
    business_date: date
    batch_at: datetime
    lease_until: datetime
    definition: SegmentDefinition


@dataclass(frozen=True, slots=True, kw_only=True)
class _Run:
    session: Session
    channel: Channel
    client: ChannelClient
    clock: Clock
    vault: Vault
    ticks: Clock
    lease: timedelta


def settle(
    dsn: str,
    channel: Channel,
    client: ChannelClient,
    clock: Clock,
    vault: Vault,
    *,
    ticks: Clock = utc_now,
    lease: timedelta = LEASE,
) -> SettleReport:
    """Resolve every message of the channel in `sending` past its lease, of any date; safe to repeat.

    Also closes what is still waiting of dates that may not send any more. Raises the first error of the
    provider after every batch had its turn, Throttled at once.
    """
    states: Counter[str] = Counter()
    errors: list[QuanyuError] = []
    with Session(dsn) as session:
        run = _Run(session=session, channel=channel, client=client, clock=clock, vault=vault, ticks=ticks, lease=lease)
        for case in _cases(session, channel.name, ticks()):
            try:
                states.update(_resolve(run, case))
            except Throttled:
                raise
            except QuanyuError as error:
                errors.append(error.at(f"{channel.name}.{case.segment} {case.business_date}"))
        with session.transaction() as connection:
            _close_old(connection, channel.name, clock())
            waiting = connection.execute(
                "select count(*), max(lease_until) from activation.message where channel = %s and state = 'sending'",
                [channel.name],
            ).fetchone()
    if errors:
        raise errors[0]
    return _report(channel, states, waiting)


def _report(channel: Channel, states: Counter[str], waiting: tuple[int, datetime | None] | None) -> SettleReport:
    count, lease_until = waiting or (0, None)
    states["sending"] = count
    lag = channel.ability.lag if isinstance(channel.ability, Query) else timedelta()
    return SettleReport(channel=channel.name, states=+states, again_at=lease_until and lease_until + lag)


def _cases(session: Session, channel: str, now: datetime) -> list[_Case]:
    with session.transaction() as connection:
        believe_receipts(connection, channel, now)
        rows = ledger.fetch(
            connection,
            "select batch_key, segment, business_date, batch_at, max(lease_until) as lease_until,"
            " definition from activation.message inner join activation.plan using (business_date, segment)"
            " where channel = %(channel)s and state = 'sending'"
            " group by batch_key, segment, business_date, batch_at, definition"
            " having max(lease_until) <= %(now)s order by batch_at, batch_key",
            {"channel": channel, "now": now},
        )
    return [_Case(**row | {"definition": parse(row["segment"], row["definition"])}) for row in rows]


def _resolve(run: _Run, case: _Case) -> dict[str, int]:
    with run.session.transaction() as connection:
        if alive.is_in_hand(connection, case.batch_key):
            return {}
    if reason := _hopeless(run, case):
        return _park(run.session, case, reason)
    wait_out(run.session, run.channel.name, ticks=run.ticks)
    with ledger.deciding(run.session, run.channel.name, case.segment) as connection:
        # Asked after both waits: a repeat that is late by them keeps its hours too.
        if _is_too_early(run, case):
            return {}
        if isinstance(run.channel.ability, DedupKey):
            _park_without_consent(connection, case)
        batch = claim.take_over(
            connection,
            case.batch_key,
            segment=case.segment,
            ticks=run.ticks(),
            lease=run.lease,
            vault=run.vault,
        )
    if batch is None:
        return {}
    try:
        receipts = _ask(run, case, batch)
    except QuanyuError as error:
        _store(run, batch, _certain(error.receipts))
        raise
    return _store(run, batch, receipts)


def _hopeless(run: _Run, case: _Case) -> str:
    """Why nobody but a person can find out any more; empty when the provider still can."""
    match run.channel.ability:
        case Neither():
            return "the provider can neither be asked nor drops repeats"
        case DedupKey(window):
            # The repeat must arrive within the window, however long the call takes.
            if run.ticks() + run.lease > case.batch_at + window:
                return "the provider no longer remembers the key"
            return "" if _may_still_send(case, run.clock()) else "the day for sending has passed"
        case Query(window, _):
            return "the provider no longer answers for that time" if run.ticks() > case.batch_at + window else ""


def _is_too_early(run: _Run, case: _Case) -> bool:
    if isinstance(run.channel.ability, Query):
        return run.ticks() < case.lease_until + run.channel.ability.lag
    # A repeat may be the first to arrive: it keeps the hours of a first one.
    return not case.definition.is_open(run.clock())


def _ask(run: _Run, case: _Case, batch: Batch) -> Sequence[Receipt]:
    """Ask, or repeat under the same key. What leaves doubt is left out of the answer."""
    try:
        if isinstance(run.channel.ability, Query):
            return run.client.ask(batch.key, batch.messages)
        batch = ledger.reserved(run.session, batch, run.client)
        with deadline.within(case.definition.open_for(run.clock())):
            receipts = run.client.send(batch.key, batch.messages)
    except DeliveryUnknown:
        return []
    except TooLate as error:
        return _certain(error.receipts)
    except (Throttled, SwitchedOff) as error:
        pause(run.session, run.channel.name, error, ticks=run.ticks)
        raise
    return _certain(receipts)


def _certain(receipts: Sequence[Receipt]) -> list[Receipt]:
    """Leave "later" out: said to a repeat, it tells nothing about the first call."""
    return [receipt for receipt in receipts if receipt.verdict is not Verdict.LATER]


def _store(run: _Run, batch: Batch, receipts: Sequence[Receipt]) -> dict[str, int]:
    with run.session.transaction() as connection:
        return ledger.record(connection, batch, receipts, at=run.ticks())


def _may_still_send(case: _Case, now: datetime) -> bool:
    try:
        require_sendable(case.business_date, now)
    except Rejected:
        return False
    return True


def _park_without_consent(connection: Connection, case: _Case) -> None:
    """Leave out of a repeat whoever withdrew consent since: the first call may not have reached them."""
    rows: list[Row] = ledger.fetch(
        connection,
        f"select asked.key, {NO_CONSENT_TODAY} as refusal from activation.message as asked"
        " where asked.batch_key = %(batch)s and asked.state = 'sending'",
        {"batch": case.batch_key, "consent": case.definition.consent, "purpose": case.definition.purpose},
    )
    withdrawn = [row["key"] for row in rows if row["refusal"]]
    ledger.move(connection, withdrawn, "parked", "consent withdrawn while the answer was lost")


def _park(session: Session, case: _Case, reason: str) -> dict[str, int]:
    with session.transaction() as connection:
        count = connection.execute(
            "update activation.message set state = 'parked', reason = %s, lease_until = null"
            " where batch_key = %s and state = 'sending' and lease_until = %s",
            [reason, case.batch_key, case.lease_until],
        ).rowcount
    return {"parked": count}


def _close_old(connection: Connection, channel: str, now: datetime) -> None:
    """Messages of a date that may not send any more stop waiting."""
    yesterday = now.astimezone(SHANGHAI).date() - timedelta(days=1)
    connection.execute(
        "update activation.message set state = 'deferred', reason = 'the day for sending has passed'"
        " where channel = %s and business_date < %s and state in ('pending', 'held')",
        [channel, yesterday],
    )
