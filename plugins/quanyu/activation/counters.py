"""How often people heard from us, counted for whoever an account is tonight."""

from __future__ import annotations

from datetime import date

from psycopg import sql

from quanyu.activation.caps import global_caps
from quanyu.warehouse import Connection, copy_rows

_TABLES = """
create temporary table history on commit drop as
with gone_out as (
    select message.*, account.one_id as person
    from activation.message
    left join marts.bridge_customer_accounts as account using (account_key)
    where business_date <= %(date)s and business_date >= %(since)s
        and (business_date = %(date)s or state in ('sending', 'parked', 'sent', 'delivered'))
),

counted as (
    -- Counters follow the account: they add up when people merge, and each side has its own again after a split.
    select key, person from gone_out where person is not null
    union
    -- Where no account is known, for the former name and for whoever has the address today.
    select key, coalesce(alias.one_id_current, gone_out.one_id)
    from gone_out left join marts.bridge_one_id_alias as alias on alias.one_id_old = gone_out.one_id
    where person is null
    union
    select key, bridge.one_id
    from gone_out inner join marts.bridge_customer_addresses as bridge using (channel, address)
    where person is null
)

select
    key, counted.person as one_id, gone_out.one_id as told_as, segment, channel, address, purpose, business_date
from gone_out inner join counted using (key);
"""

_CAP_TABLE = """
create index on history (one_id);
create index on history (channel, address);
analyze history;
create temporary table cap (
    channel text, purpose text, first_night date, messages int, label text, segment text
) on commit drop;
create temporary table choice (
    one_id text primary key, outcome text, channel text, address text, sender text, account_key text, detail text
) on commit drop;
"""

# A person's own history for a cap of a purpose, an address's for a cap of a channel.
CAPPED_BY = """
select min(cap.label) from cap
where (cap.segment is null or cap.segment = %(segment)s) and cap.messages <= case
    when cap.channel is null and cap.purpose = %(purpose)s then (
        select count(*) from (
            select distinct history.key from history
            where history.one_id = asked.one_id and history.purpose = cap.purpose
                and history.business_date >= cap.first_night and history.business_date < %(date)s
        ) as own
    )
    when cap.channel = asked.channel then (
        select count(*) from (
            select distinct history.key from history
            where history.channel = asked.channel and history.address = asked.address
                and history.business_date >= cap.first_night and history.business_date < %(date)s
        ) as own
    )
    else -1
end
"""


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
            (cap.channel or None, cap.purpose, cap.first_night(business_date), cap.messages, label(cap.messages, span))
            for cap in caps
            for span in ["calendar month" if cap.days is None else f"{cap.days} nights"]
        ],
    )


def label(messages: int, span: str) -> str:
    """Say what a full cap says."""
    return f"already {messages} in {span}"
