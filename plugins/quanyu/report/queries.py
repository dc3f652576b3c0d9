"""What the report asks of the night's books, of identity and of the published marts."""

from __future__ import annotations

OBSERVATIONS = "identity.int_identity__observations"

PUBLISHED = (
    "select to_char(published_at at time zone 'Asia/Shanghai', 'YYYY-MM-DD HH24:MI')"
    " from ops.publication where business_date = %(date)s"
)

SOURCES = "select source, status, error from ops.source_night where business_date = %(date)s order by source"

LOADS = """
select distinct on (source, entity)
    source, entity, status, rows_read, rows_new, rows_deleted, new_fields, error, remedy,
    coalesce(extract(epoch from finished_at - started_at), 0)::float8 as seconds
from ops.entity_load
where business_date = %(date)s
order by source, entity, load_id desc
"""

IDENTITY = """
select 'accounts' as name, count(*) as count from identity.int_identity__components
union all
select 'One-IDs', count(distinct one_id) from identity.int_identity__components
union all
select 'One-IDs of more than one account', count(*) from (
    select one_id from identity.int_identity__components group by one_id having count(*) > 1
) as merged
union all
select 'One-IDs across more than one system', count(*) from (
    select one_id from identity.bridge_account_customer
    inner join identity.int_identity__accounts using (account_key)
    group by one_id having count(distinct source) > 1
) as joined
"""

REFUSALS = """
select reason as name, count(distinct identifier_key) as count
from identity.int_identity__refusals group by reason order by count desc, reason
"""

MESSAGES = """
select channel, state, count(*) as count
from activation.message where business_date = %(date)s group by channel, state order by channel, state
"""

HOLDS = """
select segment as name, reason from activation.hold
where business_date = %(date)s and released_at is null order by segment
"""

GATES = """
with last_check as (
    select distinct on (gate, relation, expectation, column_name, reason) *
    from ops.gate_result where business_date = %(date)s
    order by gate, relation, expectation, column_name, reason, checked_at desc
)

select
    gate, relation, count(*) as checks,
    count(*) filter (where not is_met and severity = 'fail') as failed,
    count(*) filter (where not is_met and severity = 'warn') as warned,
    coalesce(array_agg(reason order by reason) filter (where not is_met), '{}') as reasons
from last_check group by gate, relation order by gate, relation
"""

LAYERS = """
select
    layer, count(*) as nodes,
    count(*) filter (where status not in ('success', 'pass', 'warn')) as failed,
    round(sum(seconds)::numeric, 1)::float8 as seconds
from ops.dbt_result where business_date = %(date)s
group by layer order by array_position(array['staging', 'identity', 'marts', 'segments'], layer)
"""

# The customer seen in most systems, with a graph that still fits a page.
PICTURED = """
select bridge.one_id
from identity.bridge_account_customer as bridge
inner join identity.int_identity__observations as seen using (account_key)
group by bridge.one_id
having count(*) <= 24
order by count(distinct seen.source) desc, count(*) desc, bridge.one_id limit 1
"""

EVIDENCE = """
select distinct
    seen.account_type, left(seen.account_id, 6) || '…' || right(seen.account_id, 4) as account_id,
    seen.identifier_type, left(seen.identifier_value, 6) || '…' || right(seen.identifier_value, 4) as identifier_value
from identity.int_identity__observations as seen
inner join identity.bridge_account_customer as bridge using (account_key)
inner join policy.identity_identifier_types as types using (identifier_type)
where bridge.one_id = %(one_id)s and types.kind <> 'attribute'
order by 1, 2, 3, 4
"""
