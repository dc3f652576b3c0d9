"""Who of a segment gets a message on which channel, and for everybody else the one reason why not. Set-based SQL."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from psycopg import sql

from quanyu.activation.caps import global_caps
from quanyu.activation.definition import SegmentDefinition
from quanyu.errors import ConfigurationError
from quanyu.warehouse import Connection, copy_rows

# Why `asked` (one_id, channel) may not be written to; null when it may. An opt-out of any address of a person
# counts for all of them; messages of purpose `service` (an order was shipped) are owed even then.
NO_CONSENT = """
case
    when not exists (
        select from marts.fct_consents as consent
        where consent.one_id = asked.one_id and consent.channel = asked.channel
            and consent.purpose = %(consent)s and consent.is_granted
    ) then 'no consent on record'
    when %(purpose)s <> 'service' and exists (
        select from activation.opt_out as said
        where said.channel = asked.channel and (
            said.address = asked.address
            or said.address in (
                select own.address from marts.bridge_customer_addresses as own
                where own.one_id = asked.one_id and own.channel = asked.channel
            )
        )
    ) then 'opted out'
end
"""

_TABLES = """
create temporary table history on commit drop as
with gone_out as (
    select key, one_id, channel, address, purpose, business_date
    from activation.message
    where business_date < %(date)s and business_date >= %(since)s
        and state in ('sending', 'parked', 'sent', 'delivered')
)

select key, one_id, channel, address, purpose, business_date from gone_out
union
-- Counters add up when people merge: an old message counts for whoever has the address today.
select gone_out.key, bridge.one_id, gone_out.channel, gone_out.address, gone_out.purpose, gone_out.business_date
from gone_out inner join marts.bridge_customer_addresses as bridge using (channel, address);
"""

_CAP_TABLE = """
create index on history (one_id);
create index on history (channel, address);
analyze history;
create temporary table cap (
    channel text, purpose text, first_night date, messages int, label text, segment text
) on commit drop;
create temporary table choice (
    one_id text primary key, outcome text, channel text, address text, sender text, detail text
) on commit drop;
"""

# A person's own history for a cap of a purpose, an address's for a cap of a channel.
_CAPPED_BY = """
select min(cap.label) from cap
where (cap.segment is null or cap.segment = %(segment)s) and cap.messages <= case
    when cap.channel is null and cap.purpose = %(purpose)s then (
        select count(*) from (
            select distinct history.key from history
            where history.one_id = asked.one_id and history.purpose = cap.purpose
                and history.business_date >= cap.first_night
        ) as own
    )
    when cap.channel = asked.channel then (
        select count(*) from (
            select distinct history.key from history
            where history.channel = asked.channel and history.address = asked.address
                and history.business_date >= cap.first_night
        ) as own
    )
    else -1
end
"""

_CHOOSE = """
insert into choice
with member as (
    select one_id, {in_stock} as is_in_stock,
        ('x' || left(encode(sha256(convert_to(%(salt)s || one_id, 'UTF8')), 'hex'), 8))::bit(32)::bigint
            < %(holdout)s * 4294967296 as is_held_out
    from {members} as member
    where not exists (
        select from activation.message
        where business_date = %(date)s and segment = %(segment)s and message.one_id = member.one_id
    )
),

asked as (
    select bridge.one_id, bridge.channel, bridge.address, bridge.sender, bridge.last_seen_at, wish.rank
    from member
    inner join marts.bridge_customer_addresses as bridge using (one_id)
    inner join unnest(%(channels)s::text[]) with ordinality as wish (channel, rank) using (channel)
    where not member.is_held_out and member.is_in_stock
),

judged as (
    select asked.*, {no_consent} as refusal, ({capped_by}) as capped_by,
        exists (
            select from activation.message
            where message.business_date = %(date)s and message.one_id = asked.one_id
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
            when capped_by is not null then 'capped'
            when is_taken then 'duplicate'
            else 'message'
        end as outcome
    from judged
    order by one_id, refusal is not null, capped_by is not null, is_taken, rank, last_seen_at desc nulls last, address
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
        when member.is_held_out then 'holdout'
        when not member.is_in_stock then 'out_of_stock'
        when once.one_id is null then 'unreachable'
        when once.is_second then 'duplicate'
        else once.outcome
    end,
    coalesce(once.channel, ''), coalesce(once.address, ''), coalesce(once.sender, ''),
    case
        when once.is_second then 'shares the address'
        when once.outcome = 'duplicate' then 'has another message tonight'
        else coalesce(once.refusal, once.capped_by, '')
    end
from member left join once using (one_id)
"""


def members_of(segment: str) -> sql.Composable:
    """The published table of a segment."""
    return sql.Identifier("segments", segment)


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


def prepare(connection: Connection, business_date: date) -> None:
    """Make the temporary tables of one planning: what went out before, the caps, the choice."""
    caps = global_caps()
    since = date.fromordinal(business_date.toordinal() - 366)
    connection.execute(_TABLES, {"date": business_date, "since": since})
    connection.execute(_CAP_TABLE)
    copy_rows(
        connection,
        sql.Identifier("cap"),
        ("channel", "purpose", "first_night", "messages", "label"),
        [
            (cap.channel or None, cap.purpose, cap.first_night(business_date), cap.messages, _label(cap.messages, span))
            for cap in caps
            for span in ["calendar month" if cap.days is None else f"{cap.days} nights"]
        ],
    )


def choose(
    connection: Connection,
    segment: str,
    definition: SegmentDefinition,
    *,
    business_date: date,
    channels: Sequence[str],
    salt: str,
) -> Mapping[str, int]:
    """Fill `choice` for every member without a message of this act yet; return how many of each outcome."""
    connection.execute("truncate choice")
    cap = definition.cap
    connection.execute(
        "insert into cap (purpose, first_night, messages, label, segment) values (%s, %s, %s, %s, %s)",
        [
            definition.purpose,
            date.fromordinal(business_date.toordinal() - cap.days + 1),
            cap.messages,
            _label(cap.messages, f"{cap.days} nights"),
            segment,
        ],
    )
    query = sql.SQL(_CHOOSE).format(
        members=members_of(segment),
        in_stock=sql.SQL("coalesce(is_in_stock, true)" if "is_in_stock" in columns_of(connection, segment) else "true"),
        no_consent=sql.SQL(NO_CONSENT),
        capped_by=sql.SQL(_CAPPED_BY),
    )
    values = {
        "date": business_date,
        "segment": segment,
        "salt": salt,
        "holdout": definition.holdout,
        "channels": list(channels),
        "consent": definition.consent,
        "purpose": definition.purpose,
    }
    connection.execute(query, values)
    return dict(connection.execute("select outcome, count(*) from choice group by outcome").fetchall())


def _label(messages: int, span: str) -> str:
    return f"already {messages} in {span}"
