"""What tonight's identity changed for the people that readers know: who merged, who was split, and why."""

from __future__ import annotations

from datetime import date

from quanyu.warehouse import Connection

# Grain of `change`: a person and another between whom accounts moved. `one_id` stays, `other_one_id` is the one that
# is gone (merged) or new (split); `from_one_id` and `to_one_id` are the direction of the accounts.
_CHANGES = """
create temporary table moved_account on commit drop as
select account_key, shown.one_id as from_one_id, built.one_id as to_one_id
from marts.bridge_customer_accounts as shown
left join marts_build.bridge_customer_accounts as built using (account_key)
where shown.one_id is distinct from built.one_id;
analyze moved_account;

create temporary table change on commit drop as
with living as (
    select distinct one_id from marts_build.bridge_customer_accounts
    where one_id in (select from_one_id from moved_account)
),

known as (
    select distinct one_id from marts.bridge_customer_accounts where one_id in (select to_one_id from moved_account)
),

pair as (
    select
        from_one_id, to_one_id, living.one_id is not null as from_lives, known.one_id is not null as to_lived
    from (select distinct from_one_id, to_one_id from moved_account) as moved
    left join living on living.one_id = moved.from_one_id
    left join known on known.one_id = moved.to_one_id
),

judged as (
    select
        *,
        case
            when to_one_id is null then 'refused'
            when to_lived and not from_lives then 'merged'
            when from_lives and not to_lived then 'split'
            else 'moved'
        end as cause
    from pair
)

select
    cause, from_one_id, to_one_id,
    case when cause in ('split', 'refused') then from_one_id else to_one_id end as one_id,
    case when cause in ('split', 'refused') then to_one_id else from_one_id end as other_one_id,
    null::date as happened_on, null::text as identifier_type, null::text as decision_id, null::text as detail
from judged;
analyze change;
"""

# Both sides of a change: of a merge as they were, of a split as they are.
_SIDES = """
create temporary table side on commit drop as
select change.one_id, change.other_one_id, account.account_key, account.one_id = change.one_id as is_one
from change
cross join lateral (values (change.one_id), (change.other_one_id)) as both_sides (person)
inner join marts.bridge_customer_accounts as account on account.one_id = both_sides.person
where change.cause in ('merged', 'moved')
union all
select change.one_id, change.other_one_id, account.account_key, account.one_id = change.one_id
from change
cross join lateral (values (change.one_id), (change.other_one_id)) as both_sides (person)
inner join marts_build.bridge_customer_accounts as account on account.one_id = both_sides.person
where change.cause = 'split'
union all
select change.one_id, null, moved_account.account_key, false
from change
inner join moved_account on moved_account.from_one_id = change.one_id and moved_account.to_one_id is null
where change.cause = 'refused';
analyze side;
"""

# What both sides show ties them; where nothing is, each side shares something with an account that came between.
_TIES = """
with shown as (
    select
        change.one_id, change.other_one_id, edge.node_key, edge.identifier_type,
        max(edge.identifier_value) filter (where edge.identifier_type = 'steward_same') as steward_value,
        coalesce(bool_or(side.is_one), false) as at_one,
        coalesce(bool_or(not side.is_one), false) as at_other,
        bool_or(side.account_key is null) as between_them
    from change
    inner join marts_build.bridge_customer_accounts as account on account.one_id = change.one_id
    inner join identity.int_identity__edges as edge using (account_key)
    left join side
        on side.account_key = edge.account_key
        and side.one_id = change.one_id and side.other_one_id = change.other_one_id
    where change.cause in ('merged', 'moved')
    group by change.one_id, change.other_one_id, edge.node_key, edge.identifier_type
),

tie as (
    select *, at_one and at_other as is_direct
    from shown where (at_one::int + at_other::int + between_them::int) > 1
),

said as (
    select
        one_id, other_one_id,
        coalesce(
            string_agg(distinct identifier_type, ', ') filter (where is_direct),
            string_agg(distinct identifier_type, ', ')
        ) as identifier_type,
        max(split_part(steward_value, ':', 1)) filter (where is_direct) as decision_id
    from tie group by one_id, other_one_id
)

update change set identifier_type = said.identifier_type, decision_id = said.decision_id
from said where change.one_id = said.one_id and change.other_one_id = said.other_one_id
"""

# What both sides show and one of them is refused; of accounts that are nobody's now, whatever is refused.
_REFUSALS = """
with refused as (
    select side.one_id, side.other_one_id, refusal.identifier_type, refusal.reason
    from side inner join identity.int_identity__refusals as refusal using (account_key)
    where side.other_one_id is null
    union
    select side.one_id, side.other_one_id, refusal.identifier_type, refusal.reason
    from side
    inner join change
        on change.one_id = side.one_id and change.other_one_id = side.other_one_id and change.cause = 'split'
    inner join identity.int_identity__refusals as refusal using (account_key)
    inner join identity.int_identity__observations as shown on shown.identifier_key = refusal.identifier_key
    inner join side as across
        on across.account_key = shown.account_key
        and across.one_id = side.one_id and across.other_one_id = side.other_one_id and across.is_one <> side.is_one
),

told as (
    select one_id, other_one_id,
        string_agg(distinct identifier_type, ', ') as identifier_type, string_agg(distinct reason, ', ') as detail
    from refused group by one_id, other_one_id
)

update change set identifier_type = told.identifier_type, detail = told.detail
from told where change.one_id = told.one_id and change.other_one_id is not distinct from told.other_one_id
"""

# The newest decision that began or ended since readers last saw these people, and that speaks of both sides.
_DECISIONS = """
with named as (
    select decision_id, account.side,
        left(encode(sha256(convert_to(account_type || '|' || scope || '|' || account_id, 'UTF8')), 'hex'), 32)
            as account_key
    from ops.identity_decision_account as account
    union all
    select decision.decision_id, null, shown.account_key
    from ops.identity_decision as decision
    inner join identity.int_identity__observations as shown
        on shown.identifier_type = decision.identifier_type and shown.identifier_value = decision.identifier_value
        and shown.identifier_scope = decision.identifier_scope
),

timely as (
    select
        decision_id, turned_on,
        (decision in ('same', 'trust')) = (turned_on = effective_on) as joins
    from (
        select *, case when revoked_on <= %(date)s then revoked_on else effective_on end as turned_on
        from ops.identity_decision
        where revoked_on is null or revoked_on > effective_on
    ) as decision
    where turned_on between %(previous)s and %(date)s
),

spoken as (
    select distinct on (change.one_id, change.other_one_id)
        change.one_id, change.other_one_id, timely.decision_id, timely.turned_on
    from change
    inner join side on side.one_id = change.one_id and side.other_one_id is not distinct from change.other_one_id
    inner join named on named.account_key = side.account_key
    inner join timely on timely.decision_id = named.decision_id
    where change.cause = 'moved' or timely.joins = (change.cause = 'merged')
    group by change.one_id, change.other_one_id, timely.decision_id, timely.turned_on
    having change.other_one_id is null or bool_or(side.is_one) and bool_or(not side.is_one)
    order by change.one_id, change.other_one_id, timely.turned_on desc, timely.decision_id
)

update change set decision_id = spoken.decision_id, happened_on = spoken.turned_on
from spoken where change.one_id = spoken.one_id and change.other_one_id is not distinct from spoken.other_one_id
"""

_EVENTS = """
with told as (
    select one_id, other_one_id, event, max(business_date) as happened_on
    from identity.identity_events where event <> 'created' group by one_id, other_one_id, event
)

update change set happened_on = told.happened_on
from told
where change.other_one_id = told.other_one_id and change.cause = told.event
    and (told.event = 'merged' or change.one_id = told.one_id)
"""

_UNEXPLAINED = """
update change set detail = 'the evidence that tied them is gone'
where cause = 'split' and decision_id is null and detail is null
"""

# Grain: person with the change that speaks for them; `hub` is who the change turns on.
_INVOLVED = """
create temporary table involved on commit drop as
with role as (
    select one_id as person, one_id as hub, cause as role, change.* from change
    union all
    select other_one_id, one_id, case when cause = 'split' then 'created_by_split' else cause end, change.*
    from change where other_one_id is not null
)

select distinct on (person)
    person, hub, role as cause, one_id, other_one_id, happened_on, identifier_type, decision_id,
    concat_ws('; ', detail, case when others > 0 then others || ' more of the same night' end) as detail
from (select *, count(*) over (partition by person) - 1 as others from role) as counted
order by person, hub, other_one_id;
alter table involved add primary key (person);
analyze involved;
"""


def find(connection: Connection, *, previous: date, business_date: date) -> int:
    """Fill the temporary tables `change` and `involved`; return how many changes readers will see."""
    connection.execute(_CHANGES)
    row = connection.execute("select count(*) from change").fetchone()
    count = int(row[0]) if row else 0
    if count:
        connection.execute(_SIDES)
        connection.execute(_TIES)
        connection.execute(_REFUSALS)
        connection.execute(_EVENTS)
        connection.execute(_DECISIONS, {"previous": previous, "date": business_date})
        connection.execute(_UNEXPLAINED)
    connection.execute(_INVOLVED)
    return count
