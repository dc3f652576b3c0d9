"""What keeps a list as it is until a person looks: a segment that looks wrong, or too many who would go at once.

Whoever withdrew consent or is to be forgotten is taken out of a held list too: that waits for nobody.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from psycopg import sql

from quanyu import warehouse
from quanyu.activation.decide import members_of
from quanyu.activation.mirror.lists import List
from quanyu.errors import Rejected
from quanyu.settings import utc_now
from quanyu.warehouse import Connection


def hold(connection: Connection, of: List, business_date: date) -> str:
    """Why the list waits for a person tonight; empty when it may change."""
    night = of.values | {"date": business_date}
    row = connection.execute(
        "select released_at is not null from activation.audience_hold"
        " where business_date = %(date)s and audience = %(audience)s and segment = %(segment)s",
        night,
    ).fetchone()
    if row is not None and row[0]:
        return ""
    reason = "; ".join([*_doubts_about_segment(connection, of, business_date), *_doubts_about_change(connection, of)])
    connection.execute(
        "delete from activation.audience_hold"
        " where business_date = %(date)s and audience = %(audience)s and segment = %(segment)s",
        night,
    )
    if reason:
        connection.execute(
            "insert into activation.audience_hold (business_date, audience, segment, reason)"
            " values (%(date)s, %(audience)s, %(segment)s, %(reason)s)",
            night | {"reason": reason},
        )
    return reason


def release(dsn: str, audience: str, segment: str, business_date: date, who: str) -> None:
    """Let a held list change in the night's next run. Raises Rejected when it is not held."""
    with warehouse.connect(dsn) as connection:
        done = connection.execute(
            "update activation.audience_hold set released_at = %s, released_by = %s"
            " where business_date = %s and audience = %s and segment = %s and released_at is null",
            [utc_now(), who, business_date, audience, segment],
        ).rowcount
    if not done:
        raise Rejected(
            f"{audience}: the list of {segment} is not held on {business_date}.",
            remedy="look at the report of that night for what is held.",
        )


@dataclass(frozen=True, slots=True)
class ListHold:
    """A list that waits for a person."""

    business_date: date
    audience: str
    segment: str
    reason: str


def held(dsn: str) -> list[ListHold]:
    """The lists whose last night waits for approval, the newest first."""
    with warehouse.connect(dsn) as connection:
        rows = connection.execute(
            "select business_date, audience, segment, reason from ("
            " select *, max(business_date) over (partition by audience, segment) as last from activation.audience_hold"
            ") as hold where business_date = last and released_at is null order by 1 desc, 2, 3"
        ).fetchall()
    return [ListHold(*row) for row in rows]


def _doubts_about_segment(connection: Connection, of: List, business_date: date) -> list[str]:
    """What keeps the segment's messages back too. Whoever let those go has looked at it."""
    if of.definition is None:
        return []
    night = {"segment": of.segment, "date": business_date, "audience": of.audience.name}
    released = connection.execute(
        "select from activation.hold where segment = %(segment)s and business_date = %(date)s"
        " and released_at is not null",
        night,
    ).fetchone()
    if released is not None:
        return []
    people = connection.execute(sql.SQL("select count(*) from {}").format(members_of(of.segment))).fetchone()
    before = connection.execute(
        "select people from activation.audience_night where segment = %(segment)s and audience = %(audience)s"
        " and business_date < %(date)s order by business_date desc limit 1",
        night,
    ).fetchone()
    breach = of.definition.size_band.breach(people[0] if people else 0, before[0] if before else None)
    late = connection.execute(
        "select source, status from ops.source_night where business_date = %s and source = any(%s)"
        " and status <> 'complete' order by source",
        [business_date, list(of.definition.sources)],
    ).fetchall()
    doubts = [breach] if breach else []
    return doubts + [f"source {source} of {business_date} is {status}" for source, status in late]


def _doubts_about_change(connection: Connection, of: List) -> list[str]:
    """Too large a share of those the platform has would go, owed removals left aside."""
    row = connection.execute(
        "select count(*) filter (where state = 'removing' and not is_owed),"
        " count(*) filter (where state in ('adding', 'present', 'removing')) from activation.audience_member"
        " where audience = %(audience)s and segment = %(segment)s",
        of.values,
    ).fetchone()
    leaving, there = row or (0, 0)
    if of.definition is None:
        return [f"the segment asks for this list no longer: {leaving} would be removed"] if leaving else []
    change = of.definition.size_band.change
    return [f"{leaving} of {there} would be removed, more than {change:.0%}"] if leaving > change * there else []
