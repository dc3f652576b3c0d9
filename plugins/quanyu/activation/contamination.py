"""Who is no evidence in a segment's holdout test: two of its arms turned out to be one person."""

from __future__ import annotations

from datetime import date

from psycopg import sql

from quanyu.activation.decide import held_out, members_of
from quanyu.warehouse import Connection

_RECORD = """
insert into activation.contamination (segment, one_id, other_one_id, contaminated_on)
with crossed as (
    select one_id_old, one_id_current from marts.bridge_one_id_alias
    where {old_is_held_out} <> {current_is_held_out} and (
        exists (
            select from activation.segment_membership as known
            where known.segment = %(segment)s and known.one_id = one_id_old
        )
        or exists (
            select from activation.segment_membership as known
            where known.segment = %(segment)s and known.one_id = one_id_current
        )
        -- Whoever left the segment on the night itself, after their message was claimed, has no membership of it.
        or exists (
            select from activation.decision as known
            where known.business_date = %(date)s and known.segment = %(segment)s
                and known.one_id in (one_id_old, one_id_current)
        )
    )
)

select %(segment)s, one_id, other_one_id, %(date)s
from (
    select one_id_old as one_id, one_id_current as other_one_id from crossed
    union all
    select one_id_current, one_id_old from crossed
) as both_sides
order by one_id, other_one_id
on conflict do nothing
"""


def record(connection: Connection, segment: str, business_date: date, *, salt: str, holdout: float) -> None:
    """Mark both sides of every merge across the arms, from this night on and for good."""
    query = sql.SQL(_RECORD).format(
        members=members_of(segment),
        old_is_held_out=held_out("one_id_old"),
        current_is_held_out=held_out("one_id_current"),
    )
    connection.execute(query, {"segment": segment, "date": business_date, "salt": salt, "holdout": holdout})
