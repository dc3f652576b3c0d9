"""Who was in a segment from when to when: entering, staying and leaving, night by night."""

from __future__ import annotations

from datetime import date

from psycopg import sql

from quanyu.activation.decide import members_of
from quanyu.warehouse import Connection

_ENTER = """
insert into activation.segment_membership (segment, one_id, entered_on)
select %(segment)s, member.one_id, %(date)s from {members} as member
where not exists (
    select from activation.segment_membership as known
    where known.segment = %(segment)s and known.one_id = member.one_id and known.exited_on is null
)
"""

_EXIT = """
update activation.segment_membership as known set exited_on = %(date)s
where known.segment = %(segment)s and known.exited_on is null
    and not exists (select from {members} as member where member.one_id = known.one_id)
"""


def record(connection: Connection, segment: str, business_date: date) -> None:
    """Write the night's entries and exits; the last night may be repeated, an older one changes nothing."""
    night = {"segment": segment, "date": business_date}
    later = connection.execute(
        "select from activation.segment_night where segment = %(segment)s and business_date > %(date)s limit 1", night
    ).fetchone()
    if later is not None:
        return
    connection.execute(
        "delete from activation.segment_membership where segment = %(segment)s and entered_on = %(date)s", night
    )
    connection.execute(
        "update activation.segment_membership set exited_on = null"
        " where segment = %(segment)s and exited_on = %(date)s",
        night,
    )
    entered = connection.execute(sql.SQL(_ENTER).format(members=members_of(segment)), night).rowcount
    exited = connection.execute(sql.SQL(_EXIT).format(members=members_of(segment)), night).rowcount
    connection.execute(
        "insert into activation.segment_night (segment, business_date, members, entered, exited)"
        " select %(segment)s, %(date)s, count(*), %(entered)s, %(exited)s from activation.segment_membership"
        " where segment = %(segment)s and exited_on is null"
        " on conflict (segment, business_date) do update set"
        " members = excluded.members, entered = excluded.entered, exited = excluded.exited",
        night | {"entered": entered, "exited": exited},
    )
