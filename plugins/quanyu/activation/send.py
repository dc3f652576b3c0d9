"""Send what is due on one channel: claim, call, outcome; each step its own transaction.

Two clocks: `clock` is the sender's (Asia/Shanghai; decides dates and quiet hours, the demo freezes it), `ticks` is
real time (leases, waits, providers' windows).
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

from quanyu import deadline, warehouse
from quanyu.activation import alive, claim, ledger
from quanyu.activation.definition import SegmentDefinition, parse
from quanyu.activation.erasure import IS_ERASED
from quanyu.activation.ledger import Batch, Clock
from quanyu.activation.pauses import PATIENCE, pause, wait_out
from quanyu.activation.restored import ClaimLog, relearn
from quanyu.contracts import SHANGHAI, Channel, ChannelClient, Paced, Receipt
from quanyu.errors import DeliveryUnknown, QuanyuError, Rejected, SwitchedOff, Throttled, TooLate
from quanyu.settings import utc_now
from quanyu.vault import Vault
from quanyu.warehouse import Connection, Session

LEASE = timedelta(minutes=30)
"""How long a sender may take between claim and outcome; beyond it the batch is `settle`'s.

Longer than the longest call: five attempts of 30 s with four waits of 5 minutes, see `quanyu.transport.Http`.
"""

_CONSENT_AGE = timedelta(seconds=5)
"""How long a batch of one call each takes at its platform's pace; a platform that answers slowly makes it longer."""

_PUT_OFF = timedelta(minutes=15)
_LOST_IN_A_ROW = 3

RECEIPT_DAYS = 30
"""A message without a verdict for so long counts as expired; providers do not answer for longer either."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SendReport:
    """How many messages took each state in one run, e.g. `{"sent": 120, "failed_final": 2, "sending": 1}`."""

    channel: str
    business_date: date
    states: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Run:
    business_date: date
    channel: Channel
    client: ChannelClient
    clock: Clock
    ticks: Clock
    vault: Vault
    lease: timedelta
    patience: timedelta
    sleep: Callable[[float], None]
    claim_log: ClaimLog | None
    session: Session
    hand: Connection
    states: Counter[str]


def send(  # noqa: PLR0917  # the order in which one says it: which date, on which channel, by which client
    dsn: str,
    business_date: date,
    channel: Channel,
    client: ChannelClient,
    clock: Clock,
    vault: Vault,
    *,
    ticks: Clock = utc_now,
    lease: timedelta = LEASE,
    patience: timedelta = PATIENCE,
    sleep: Callable[[float], None] = time.sleep,
    claim_log: ClaimLog | None = None,
) -> SendReport:
    """Send every pending message of a business date on one channel; safe to repeat, also by two at once.

    With a `claim_log` a ledger that was restored from an older copy learns first what it forgot. Raises Rejected for
    a date that may not send any more, Throttled when the provider wants a wait longer than `patience`, and the
    provider's error after what it hit went back to `pending`.
    """
    require_sendable(business_date, clock())
    states: Counter[str] = Counter()
    refused: list[Rejected] = []
    with Session(dsn) as session, alive.hand(dsn) as hand:
        if claim_log:
            with session.transaction() as connection:
                states["sending"] += relearn(connection, claim_log, channel.name, business_date, at=ticks())
        run = _Run(
            business_date=business_date,
            channel=_in_good_time(channel, client),
            client=client,
            clock=clock,
            ticks=ticks,
            vault=vault,
            lease=lease,
            patience=patience,
            sleep=sleep,
            claim_log=claim_log,
            session=session,
            hand=hand,
            states=states,
        )
        for segment, definition in campaigns(dsn, business_date, channel.name).items():
            try:
                _send_campaign(run, segment, definition)
            except Rejected as error:
                # A wrong template stops its own campaign, not the others of the night.
                refused.append(error)
    if refused:
        raise refused[0]
    return SendReport(channel=channel.name, business_date=business_date, states=+states)


def _in_good_time(channel: Channel, client: ChannelClient) -> Channel:
    if not isinstance(client, Paced):
        return channel
    most = max(channel.smallest_batch, int(client.pace * _CONSENT_AGE.total_seconds()))
    return replace(channel, largest_batch=min(channel.largest_batch, most))


def require_sendable(business_date: date, now: datetime) -> None:
    """Refuse by date: a backfill or a cleared task of an old night must not write to anybody."""
    today = now.astimezone(SHANGHAI).date()
    if not today - timedelta(days=1) <= business_date <= today:
        raise Rejected(
            f"messages of {business_date} are not sent on {today}: only those of yesterday or today are.",
            remedy="nothing; who is still meant is in the next night's segments.",
        )


def channels_at_work(dsn: str, business_date: date) -> frozenset[str]:
    """The channels that have messages of a date, under way of whose end somebody may still tell, or to forget."""
    with warehouse.connect(dsn) as connection:
        rows = connection.execute(
            "select distinct channel from activation.message"
            " where business_date = %(date)s or state in ('sending', 'parked')"
            " or (state = 'sent' and business_date >= %(date)s - %(days)s)"
            f" union select channel from activation.message where {IS_ERASED}",
            {"date": business_date, "days": RECEIPT_DAYS},
        ).fetchall()
    return frozenset(name for (name,) in rows)


def campaigns(dsn: str, business_date: date, channel: str) -> dict[str, SegmentDefinition]:
    """The segments with something left to send, as they were defined when planned; the most important first."""
    with warehouse.connect(dsn) as connection:
        rows = connection.execute(
            "select segment, definition from activation.plan where business_date = %s and exists ("
            "select from activation.message where message.business_date = plan.business_date"
            " and message.segment = plan.segment and channel = %s and state in ('pending', 'deferred'))",
            [business_date, channel],
        ).fetchall()
    known = {segment: parse(segment, definition) for segment, definition in rows}
    return dict(sorted(known.items(), key=lambda item: (item[1].priority, item[0])))


def _send_campaign(run: _Run, segment: str, definition: SegmentDefinition) -> None:
    lost = 0
    with ledger.deciding(run.session, run.channel.name, segment) as connection:
        claim.keep_hours(
            connection, run.channel.name, segment, definition, business_date=run.business_date, now=run.clock()
        )
    while batch := _next(run, segment, definition):
        try:
            with alive.holding(run.hand, batch.key):
                _deliver(run, batch, definition)
            lost = 0
        except DeliveryUnknown as error:
            lost += 1
            run.states["sending"] += len(batch.messages)
            if lost == _LOST_IN_A_ROW:
                # Three lost answers are no accident; more batches would only be more that nobody knows about.
                raise error.at(f"{run.channel.name}.{segment} {run.business_date}") from None


def _next(run: _Run, segment: str, definition: SegmentDefinition) -> Batch | None:
    wait_out(run.session, run.channel.name, ticks=run.ticks, patience=run.patience, sleep=run.sleep)
    with ledger.deciding(run.session, run.channel.name, segment) as connection:
        # Read when the campaign is ours: it may have been waited for past the hours, or past midnight.
        now = run.clock()
        require_sendable(run.business_date, now)
        if not definition.is_open(now):
            claim.keep_hours(
                connection, run.channel.name, segment, definition, business_date=run.business_date, now=now
            )
            return None
        return claim.claim(
            connection,
            run.channel,
            segment,
            definition,
            business_date=run.business_date,
            now=now,
            ticks=run.ticks(),
            lease=run.lease,
            vault=run.vault,
        )


def _deliver(run: _Run, batch: Batch, definition: SegmentDefinition) -> None:
    """Call the provider once and store what it said. An error that is not ours leaves the batch `sending`."""
    try:
        batch = ledger.reserved(run.session, batch, run.client)
        if run.claim_log:
            run.claim_log.note(run.channel.name, run.business_date, batch, at=run.ticks())
        if run.ticks() >= batch.lease_until:
            # This process slept through its lease; somebody else may be resolving the batch.
            _give_back(run, batch, reason="lease over before the call", not_before=None)
            return
        with deadline.within(definition.open_for(run.clock())):
            receipts = run.client.send(batch.key, batch.messages)
    except DeliveryUnknown:
        with run.session.transaction() as connection:
            ledger.let_go(connection, batch, at=run.ticks())
        raise
    except Throttled as error:
        until = pause(run.session, run.channel.name, error, ticks=run.ticks)
        _give_back(run, _store(run, batch, error.receipts), reason="throttled", not_before=until)
        return
    except TooLate as error:
        _give_back(run, _store(run, batch, error.receipts), reason="send window closed", not_before=None)
        return
    except QuanyuError as error:
        if isinstance(error, SwitchedOff):
            pause(run.session, run.channel.name, error, ticks=run.ticks)
        _give_back(run, _store(run, batch, error.receipts), reason=type(error).__name__, not_before=None)
        raise error.at(f"{run.channel.name}.{batch.segment} {run.business_date}") from None
    silent = _store(run, batch, receipts)
    run.states["sending"] += len(silent.messages)


def _store(run: _Run, batch: Batch, receipts: Sequence[Receipt]) -> Batch:
    """Keep what the provider said; return the messages of which it said nothing."""
    with run.session.transaction() as connection:
        at = run.ticks()
        states = ledger.record(connection, batch, receipts, at=at, put_off=at + _PUT_OFF)
    run.states.update(states)
    said = {receipt.key for receipt in receipts}
    run.states["sending"] += sum(message.key in said for message in batch.messages) - sum(states.values())
    return replace(batch, messages=[message for message in batch.messages if message.key not in said])


def _give_back(run: _Run, batch: Batch, *, reason: str, not_before: datetime | None) -> None:
    with run.session.transaction() as connection:
        ledger.give_back(connection, batch, not_before=not_before, reason=reason)
    run.states["pending"] += len(batch.messages)
