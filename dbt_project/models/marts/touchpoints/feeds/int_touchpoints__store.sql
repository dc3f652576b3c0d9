-- Grain: one visit to a store.
select
    record_id,
    brand as scope,
    'visit' as touchpoint_type,
    'store' as channel,
    cast(null as text) as placement,
    cast(null as text) as campaign_key,
    cast(null as text) as content_key,
    cast(null as text) as product_key,
    guide_id as staff_code,
    store_code,
    cast(null as text) as session_key,
    visited_at as occurred_at,
    1 as quantity,
    'store' as source,
    'store|' || brand || '|' || visit_id as touchpoint_key,
    case when member_card is null then 'store_visit' else 'store_member' end as account_type,
    coalesce(member_card, visit_id) as account_id
from {{ ref('stg_store__visits') }}
