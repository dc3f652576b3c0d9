"""How often people heard from us, counted for whoever an account is tonight."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from psycopg import sql

from quanyu.activation.caps import global_caps
from quanyu.activation.consent import NO_CONSENT
from quanyu.activation.definition import SegmentDefinition
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

_MORE_TABLES = """
create index on history (one_id);
create index on history (channel, address) where business_date = {date};
analyze history;
create temporary table cap (
    channel text, purpose text, first_night date, messages int, label text, is_global boolean
) on commit drop;
create temporary table reach (
    purpose text, consent text, one_id text, channel text, address text, sender text, account_key text,
    last_seen_at timestamptz, refusal text, capped_by text
) on commit drop;
"""

# A person's own history for a cap of a purpose, an address's for a cap of a channel: `history` has a message once for
# each person, and an address may be of several.
_FULL_PERSON = """
create temporary table full_person on commit drop as
select history.one_id, cap.purpose, cap.first_night, cap.messages, cap.label, cap.is_global
from history inner join cap on history.purpose = cap.purpose and history.business_date >= cap.first_night
where cap.channel is null and history.business_date < %(date)s
group by history.one_id, cap.purpose, cap.first_night, cap.messages, cap.label, cap.is_global
having count(*) >= cap.messages
"""

_FULL_ADDRESS = """
create temporary table full_address on commit drop as
with full_cap as (
    select history.channel, history.address, cap.label
    from history inner join cap on history.channel = cap.channel and history.business_date >= cap.first_night
    where history.business_date < %(date)s
    group by history.channel, history.address, cap.label, cap.messages
    having count(distinct history.key) >= cap.messages
)

select channel, address, min(label) as label from full_cap group by channel, address
"""

# Asked once for all segments that write for one purpose on one consent: most of them do.
_REACH = f"""
insert into reach
with full_person as (
    select one_id, min(label) as label from full_person where is_global and purpose = %(purpose)s group by one_id
)

select
    %(purpose)s, %(consent)s, asked.one_id, asked.channel, asked.address, asked.sender, asked.account_key,
    asked.last_seen_at, {NO_CONSENT}, least(full_person.label, full_address.label)
from marts.bridge_customer_addresses as asked
left join full_person on full_person.one_id = asked.one_id
left join full_address on full_address.channel = asked.channel and full_address.address = asked.address
where asked.channel = any(%(channels)s)
"""


def prepare(
    connection: Connection, business_date: date, segments: Iterable[SegmentDefinition], channels: Iterable[str]
) -> None:
    """Make the temporary tables of one planning.

    What went out before, whose global caps are full, and each address on `channels` with the reason why it may not be
    written to, for what the `segments` want of it.
    """
    caps = global_caps()
    at_work = [one for one in segments if one.channels]
    nights = [
        *(cap.first_night(business_date) for cap in caps),
        *(one.cap.first_night(business_date) for one in at_work),
    ]
    connection.execute(_TABLES, {"date": business_date, "since": min(nights)})
    connection.execute(sql.SQL(_MORE_TABLES).format(date=sql.Literal(business_date)))
    copy_rows(
        connection,
        sql.Identifier("cap"),
        ("channel", "purpose", "first_night", "messages", "label", "is_global"),
        [
            *(
                (cap.channel or None, cap.purpose, cap.first_night(business_date), cap.messages, cap.label, True)
                for cap in caps
            ),
            *(
                (None, purpose, cap.first_night(business_date), cap.messages, cap.label, False)
                for purpose, cap in {(one.purpose, one.cap) for one in at_work}
            ),
        ],
    )
    connection.execute(_FULL_PERSON, {"date": business_date})
    connection.execute(_FULL_ADDRESS, {"date": business_date})
    connection.execute("analyze full_person, full_address")
    for purpose, consent in sorted({(one.purpose, one.consent) for one in at_work}):
        connection.execute(_REACH, {"purpose": purpose, "consent": consent, "channels": list(channels)})
    connection.execute("analyze reach")
