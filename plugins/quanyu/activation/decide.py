"""Who of a segment gets a message on which channel, and for everybody else the one reason why not. Set-based SQL."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from psycopg import sql
from psycopg.types.json import Jsonb

from quanyu.activation.consent import NO_CONSENT
from quanyu.activation.counters import CAPPED_BY, label
from quanyu.activation.definition import SegmentDefinition
from quanyu.errors import ConfigurationError
from quanyu.warehouse import Connection

_CHOOSE = """
insert into choice
with member as (
    select one_id, {in_stock} as is_in_stock, {fields} as fields,
        {held_out} as is_held_out,
        exists (
            select from history
            where history.business_date = %(date)s and history.segment = %(segment)s
                and history.one_id = member.one_id
        ) as is_told
    from {members} as member
    where not exists (
        select from activation.message
        where business_date = %(date)s and segment = %(segment)s and message.one_id = member.one_id
    )
),

asked as (
    select
        bridge.one_id, bridge.channel, bridge.address, bridge.sender, bridge.account_key, bridge.last_seen_at,
        wish.rank,
        (
            select min(name) from jsonb_array_elements_text(%(required)s::jsonb -> bridge.channel) as needed (name)
            where coalesce(btrim(member.fields ->> name), '') = ''
        ) as blank
    from member
    inner join marts.bridge_customer_addresses as bridge using (one_id)
    inner join unnest(%(channels)s::text[]) with ordinality as wish (channel, rank) using (channel)
    where not member.is_told and not member.is_held_out and member.is_in_stock
),

judged as (
    select asked.*, {no_consent} as refusal, ({capped_by}) as capped_by,
        exists (
            select from activation.message
            where message.business_date = %(date)s and message.one_id = asked.one_id
        ) or exists (
            select from history where history.business_date = %(date)s and history.one_id = asked.one_id
        ) or exists (
            select from activation.message
            where message.business_date = %(date)s
                and message.channel = asked.channel and message.address = asked.address
        ) as is_taken
    from asked
),

-- The address that got furthest speaks for the person; the preferred channel among equals.
best as (
    select distinct on (one_id) *,
        case
            when refusal is not null then 'no_consent'
            when blank is not null then 'unreachable'
            when capped_by is not null then 'capped'
            when is_taken then 'duplicate'
            else 'message'
        end as outcome
    from judged
    order by one_id, refusal is not null, blank is not null, capped_by is not null, is_taken, rank,
        last_seen_at desc nulls last, address
),

-- Two people who share an address: it rings once.
once as (
    select *, outcome = 'message' and row_number() over (
        partition by channel, address, outcome order by one_id
    ) > 1 as is_second
    from best
)

select
    member.one_id,
    case
        when member.is_told then 'duplicate'
        when member.is_held_out then 'holdout'
        when not member.is_in_stock then 'out_of_stock'
        when once.one_id is null then 'unreachable'
        when once.is_second then 'duplicate'
        else once.outcome
    end,
    coalesce(once.channel, ''), coalesce(once.address, ''), coalesce(once.sender, ''),
    coalesce(once.account_key, ''),
    case
        when member.is_told then 'has this message under another One-ID'
        when once.is_second then 'shares the address'
        when once.outcome = 'duplicate' then 'has another message tonight'
        else coalesce(once.refusal, 'no value for ' || once.blank, once.capped_by, '')
    end
from member left join once using (one_id)
"""


def members_of(segment: str) -> sql.Composable:
    """The published table of a segment."""
    return sql.Identifier("segments", segment)


def held_out(one_id: str) -> sql.Composable:
    """Whether the person a column names is in the holdout of `salt`; a One-ID keeps its arm, come what may."""
    return sql.SQL(
        "(('x' || left(encode(sha256(convert_to(%(salt)s || {}, 'UTF8')), 'hex'), 8))::bit(32)::bigint"
        " < %(holdout)s * 4294967296)"
    ).format(sql.Identifier(one_id))


def columns_of(connection: Connection, segment: str) -> list[str]:
    """The columns of a segment's table. Raises ConfigurationError when it was never published."""
    rows = connection.execute(
        "select attname from pg_attribute where attrelid = to_regclass(%s) and attnum > 0 and not attisdropped"
        " order by attnum",
        [sql.Identifier("segments", segment).as_string(connection)],
    ).fetchall()
    names = [str(name) for (name,) in rows]
    if "one_id" not in names:
        raise ConfigurationError(
            f"segment {segment} has no published table with a column one_id.",
            remedy=f"build and publish dbt_project/models/segments/{segment}.sql.",
        )
    return names


def choose(
    connection: Connection,
    segment: str,
    definition: SegmentDefinition,
    *,
    business_date: date,
    columns: Sequence[str],
    required: Mapping[str, Sequence[str]],
    salt: str,
) -> Mapping[str, int]:
    """Fill `choice` for every member without a message of this act yet; return how many of each outcome.

    `columns` are those of its table. `required` are the channels that are on, in the segment's order, and the columns
    that a message there needs.
    """
    connection.execute("truncate choice")
    cap = definition.cap
    connection.execute(
        "insert into cap (purpose, first_night, messages, label, segment) values (%s, %s, %s, %s, %s)",
        [
            definition.purpose,
            date.fromordinal(business_date.toordinal() - cap.days + 1),
            cap.messages,
            label(cap.messages, f"{cap.days} nights"),
            segment,
        ],
    )
    query = sql.SQL(_CHOOSE).format(
        members=members_of(segment),
        # Unread where no channel needs a column: it makes an object of every row.
        fields=sql.SQL("to_jsonb(member)" if any(required.values()) else "null::jsonb"),
        in_stock=sql.SQL("coalesce(is_in_stock, true)" if "is_in_stock" in columns else "true"),
        held_out=held_out("one_id"),
        no_consent=sql.SQL(NO_CONSENT),
        capped_by=sql.SQL(CAPPED_BY),
    )
    values = {
        "date": business_date,
        "segment": segment,
        "salt": salt,
        "holdout": definition.holdout,
        "channels": list(required),
        "required": Jsonb({channel: list(names) for channel, names in required.items()}),
        "consent": definition.consent,
        "purpose": definition.purpose,
    }
    connection.execute(query, values)
    return dict(connection.execute("select outcome, count(*) from choice group by outcome").fetchall())
