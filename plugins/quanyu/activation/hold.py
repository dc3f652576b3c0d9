"""What waits for a person's approval: segments that look wrong, say what they must not, or rest on bad data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from quanyu import warehouse
from quanyu.activation.definition import SegmentDefinition
from quanyu.errors import Rejected
from quanyu.settings import utc_now
from quanyu.warehouse import Connection


def decide(  # noqa: PLR0917  # the order in which one says it: which segment, on which night, of which size
    connection: Connection,
    segment: str,
    definition: SegmentDefinition,
    business_date: date,
    audience: int,
    doubts: Sequence[str],
) -> str:
    """Return why the messages of a segment's night wait for a person, or ""; `doubts` are those about the words."""
    night = {"date": business_date, "segment": segment}
    released = connection.execute(
        "select from activation.hold where business_date = %(date)s and segment = %(segment)s", night
    ).fetchone()
    reason = ""
    if released is None:
        reason = "; ".join([*_doubts(connection, segment, definition, business_date, audience), *doubts])
    if reason:
        connection.execute(
            "insert into activation.hold (business_date, segment, reason) values (%(date)s, %(segment)s, %(reason)s)",
            night | {"reason": reason},
        )
    return reason


def _doubts(
    connection: Connection, segment: str, definition: SegmentDefinition, business_date: date, audience: int
) -> list[str]:
    before = connection.execute(
        "select audience from activation.plan where segment = %s and business_date < %s"
        " order by business_date desc limit 1",
        [segment, business_date],
    ).fetchone()
    doubts = [definition.size_band.breach(audience, before[0] if before else None)]
    # A source without a row is switched off, which is no doubt.
    doubts += [
        f"source {source} of {business_date} is {status}"
        for source, status in connection.execute(
            "select source, status from ops.source_night"
            " where business_date = %s and source = any(%s) and status <> 'complete' order by source",
            [business_date, list(definition.sources)],
        ).fetchall()
    ]
    return [doubt for doubt in doubts if doubt]


def release(dsn: str, segment: str, business_date: date, who: str) -> int:
    """Let the held messages of a segment's night go out; return how many. Raises Rejected when none are held."""
    with warehouse.connect(dsn) as connection:
        night = {"segment": segment, "date": business_date, "who": who, "at": utc_now()}
        found = connection.execute(
            "update activation.hold set released_at = %(at)s, released_by = %(who)s"
            " where segment = %(segment)s and business_date = %(date)s and released_at is null",
            night,
        ).rowcount
        if not found:
            raise Rejected(
                f"segment {segment} is not held on {business_date}.",
                remedy="look at the report of that night for what is held.",
            )
        return connection.execute(
            "update activation.message set state = 'pending', reason = ''"
            " where segment = %(segment)s and business_date = %(date)s and state = 'held'",
            night,
        ).rowcount


@dataclass(frozen=True, slots=True)
class Hold:
    """A segment's night that waits for a person."""

    business_date: date
    segment: str
    reason: str
    messages: int


def held(dsn: str) -> list[Hold]:
    """Whatever waits for approval and could still be sent, the newest first."""
    with warehouse.connect(dsn) as connection:
        rows = connection.execute(
            "select hold.business_date, hold.segment, hold.reason, count(*) from activation.hold"
            " inner join activation.message using (business_date, segment)"
            " where released_at is null and message.state = 'held' group by 1, 2, 3 order by 1 desc, 2"
        ).fetchall()
    return [Hold(*row) for row in rows]
