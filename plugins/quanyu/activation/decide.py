"""Who of a segment gets a message on which channel, and for everybody else the one reason why not. Set-based SQL."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from psycopg import sql
from psycopg.types.json import Jsonb

from quanyu.activation.definition import SegmentDefinition
from quanyu.activation.keys import MESSAGE_KEY, holdout_salt, message_pads
from quanyu.errors import ConfigurationError
from quanyu.warehouse import Connection

_CHOOSE = """
with member as (
    select member.*, {in_stock} as can_be_had, {held_out} as is_held_out,
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
        reach.one_id, reach.channel, reach.address, reach.sender, reach.account_key, reach.last_seen_at, reach.refusal,
        wish.rank, {blank} as blank,
        least(reach.capped_by, busy.label) as capped_by
    from member
    inner join reach on reach.one_id = member.one_id and reach.purpose = %(purpose)s and reach.consent = %(consent)s
    inner join unnest(%(channels)s::text[]) with ordinality as wish (channel, rank) on wish.channel = reach.channel
    left join full_person as busy
        on busy.one_id = reach.one_id and busy.purpose = reach.purpose
        and busy.first_night = %(first_night)s and busy.messages = %(messages)s and not busy.is_global
    where not member.is_told and not member.is_held_out and member.can_be_had
),

-- Materialized: what follows looks at each reason several times, and would ask anew each time.
judged as materialized (
    -- `offset 0`: each is a look into an index. Nothing is known of how many rows this very transaction wrote; thought
    -- to be few, all of the night would be hashed again for each segment.
    select asked.*,
        exists (
            select from activation.message
            where message.business_date = %(date)s and message.one_id = asked.one_id
            offset 0
        ) or exists (
            select from history where history.business_date = %(date)s and history.one_id = asked.one_id
        ) or exists (
            select from activation.message
            where message.business_date = %(date)s and message.state in ('pending', 'held')
                and message.channel = asked.channel and message.address = asked.address
            offset 0
        ) or exists (
            select from history
            where history.business_date = %(date)s
                and history.channel = asked.channel and history.address = asked.address
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
),

chosen as (
    select
        member.one_id,
        case
            when member.is_told then 'duplicate'
            when member.is_held_out then 'holdout'
            when not member.can_be_had then 'out_of_stock'
            when once.one_id is null then 'unreachable'
            when once.is_second then 'duplicate'
            else once.outcome
        end as outcome,
        coalesce(once.channel, '') as channel, once.address, once.sender, once.account_key,
        case
            when member.is_told then 'has this message under another One-ID'
            when once.is_second then 'shares the address'
            when once.outcome = 'duplicate' then 'has another message tonight'
            else coalesce(once.refusal, 'no value for ' || once.blank, once.capped_by, '')
        end as detail
    from member left join once using (one_id)
),

decided as (
    insert into activation.decision (business_date, segment, one_id, outcome, channel, detail)
    select %(date)s, %(segment)s, one_id, outcome, channel, detail from chosen
),

written as (
    select
        {key} as key, one_id, channel, address, sender, account_key, said.template, {params} as params
    from chosen
    inner join member using (one_id)
    inner join jsonb_each_text(%(templates)s) as said (channel, template) using (channel)
    where chosen.outcome = 'message'
)

insert into activation.message
    (key, business_date, segment, act_version, one_id, channel, address, sender, account_key, purpose, template,
        params, state, reason)
select key, %(date)s, %(segment)s, %(version)s, one_id, channel, address, sender, account_key, %(purpose)s, template,
    params, %(state)s, %(reason)s
from written order by sender, key
"""


@dataclass(frozen=True, slots=True)
class Said:
    """What a channel says of a segment: the template that is sent, the columns it cannot do without, those it gets."""

    template: str
    required: Sequence[str]
    params: Sequence[str]


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
    said: Mapping[str, Said],
    is_stocked: bool,
    vault_key: bytes,
    held: str,
) -> int:
    """Write a decision for every member without a message of this act yet, and the messages; return how many.

    `said` are the channels that are on, in the segment's order. `is_stocked` tells whether its table knows of each
    member if what they are written about can be had, `held` why the messages wait for a person, if they do.
    """
    cap = definition.cap
    inner, outer = message_pads(vault_key)
    query = sql.SQL(_CHOOSE).format(
        members=members_of(segment),
        in_stock=sql.SQL("coalesce(is_in_stock, true)" if is_stocked else "true"),
        held_out=held_out("one_id"),
        blank=_first_blank(said),
        key=sql.SQL(MESSAGE_KEY),
        params=_params(said),
    )
    values = {
        "date": business_date,
        "segment": segment,
        "salt": holdout_salt(vault_key, segment),
        "holdout": definition.holdout,
        "channels": list(said),
        "consent": definition.consent,
        "purpose": definition.purpose,
        "first_night": cap.first_night(business_date),
        "messages": cap.messages,
        "inner": inner,
        "outer": outer,
        "version": definition.act_version,
        "templates": Jsonb({channel: one.template for channel, one in said.items()}),
        "state": "held" if held else "pending",
        "reason": held,
    }
    return connection.execute(query, values).rowcount


def _first_blank(said: Mapping[str, Said]) -> sql.Composable:
    """The first column by name that a channel needs and that says nothing; null when there is none."""
    per_channel = [
        sql.SQL("when {channel} then case {columns} end").format(
            channel=sql.Literal(channel),
            columns=sql.SQL(" ").join(
                sql.SQL("when coalesce(btrim(member.{column}::text), '') = '' then {name}").format(
                    column=sql.Identifier(name), name=sql.Literal(name)
                )
                for name in sorted(one.required)
            ),
        )
        for channel, one in said.items()
        if one.required
    ]
    if not per_channel:
        return sql.SQL("null::text")
    return sql.SQL("case reach.channel {} end").format(sql.SQL(" ").join(per_channel))


def _params(said: Mapping[str, Said]) -> sql.Composable:
    """An object of the columns that travel on each channel, as text; empty text where a value is not known."""
    per_channel = [
        sql.SQL("when {channel} then jsonb_build_object({columns})").format(
            channel=sql.Literal(channel),
            columns=sql.SQL(", ").join(
                sql.SQL("{name}, coalesce(to_jsonb(member.{column}) #>> '{{}}', '')").format(
                    name=sql.Literal(name), column=sql.Identifier(name)
                )
                for name in one.params
            ),
        )
        for channel, one in said.items()
    ]
    if not per_channel:
        return sql.SQL("null::jsonb")
    return sql.SQL("case chosen.channel {} end").format(sql.SQL(" ").join(per_channel))
