"""Who was in a segment from when to when: entering, staying and leaving, night by night."""

from __future__ import annotations

from datetime import date

from psycopg import sql

from quanyu.activation.decide import members_of
from quanyu.warehouse import Connection

# Whose name ended or began since the segment's last night: `was` went on as `now`.
_RENAMED = """
with renamed as (
    select distinct
        case when cause = 'merged' then other_one_id else one_id end as was,
        case when cause = 'merged' then one_id else other_one_id end as now,
        case when cause = 'merged' then 'merged' else 'split' end as cause
    from ops.restatement
    where mart = 'dim_customers' and cause in ('merged', 'split', 'created_by_split') and other_one_id is not null
        and business_date <= %(date)s and business_date > coalesce((
            select max(business_date) from activation.segment_night
            where segment_night.segment = %(segment)s and business_date < %(date)s
        ), '-infinity')
)
"""

_ENTER = """
insert into activation.segment_membership (segment, one_id, entered_on, entered_because, entered_from)
{renamed}
select %(segment)s, member.one_id, %(date)s, coalesce(goes_on.cause, 'joined'), goes_on.was
from {members} as member
left join lateral (
    select renamed.cause, renamed.was from renamed
    where renamed.now = member.one_id and exists (
        select from activation.segment_membership as stay
        where stay.segment = %(segment)s and (
            (stay.one_id = renamed.was and (stay.exited_on is null or stay.exited_on = %(date)s))
            or (stay.one_id = renamed.now and renamed.cause = 'split' and stay.exited_because = 'merged')
        )
    )
    order by renamed.was limit 1
) as goes_on on true
where not exists (
    select from activation.segment_membership as known
    where known.segment = %(segment)s and known.one_id = member.one_id and known.exited_on is null
)
"""

_EXIT = """
{renamed},

gone as (
    select known.one_id, goes_on.cause, goes_on.now
    from activation.segment_membership as known
    left join lateral (
        select renamed.cause, renamed.now from renamed
        where renamed.was = known.one_id
            and (renamed.cause = 'merged' or exists (select from {members} as other where other.one_id = renamed.now))
        order by renamed.now limit 1
    ) as goes_on on true
    where known.segment = %(segment)s and known.exited_on is null
        and not exists (select from {members} as member where member.one_id = known.one_id)
)

update activation.segment_membership as known
set exited_on = %(date)s, exited_because = coalesce(gone.cause, 'left'), exited_to = gone.now
from gone
where known.segment = %(segment)s and known.one_id = gone.one_id and known.exited_on is null
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
        "update activation.segment_membership set exited_on = null, exited_because = null, exited_to = null"
        " where segment = %(segment)s and exited_on = %(date)s",
        night,
    )
    names = {"members": members_of(segment), "renamed": sql.SQL(_RENAMED)}
    # Whoever left goes first: no statistics are known of rows that this transaction wrote itself, and a join with a
    # million of them, thought to be one, is made row by row.
    connection.execute(sql.SQL(_EXIT).format(**names), night)
    connection.execute(sql.SQL(_ENTER).format(**names), night)
    connection.execute(
        "insert into activation.segment_night (segment, business_date, members, entered, exited)"
        " select %(segment)s, %(date)s, count(*) filter (where exited_on is null),"
        " count(*) filter (where entered_on = %(date)s and entered_because = 'joined'),"
        " count(*) filter (where exited_on = %(date)s and exited_because = 'left')"
        " from activation.segment_membership where segment = %(segment)s"
        " on conflict (segment, business_date) do update set"
        " members = excluded.members, entered = excluded.entered, exited = excluded.exited",
        night,
    )
