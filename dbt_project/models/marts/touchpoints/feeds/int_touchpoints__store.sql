-- Grain: one visit that a guide wrote down, one card that somebody took; and how many came through one door in one
-- interval, whom nobody knows.
select
    record_id,
    'store|' || brand || '|' || visit_id as touchpoint_key,
    case
        when member_card is null then {{ account_key("'store_visit'", 'brand', 'visit_id') }}
        else {{ account_key("'store_member'", 'brand', 'member_card') }}
    end as account_key,
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
    'store' as source
from {{ ref('stg_store__visits') }}

union all

select
    record_id,
    'store|' || brand || '|member|' || member_card as touchpoint_key,
    {{ account_key("'store_member'", 'brand', 'member_card') }} as account_key,
    'member_joined' as touchpoint_type,
    'store' as channel,
    cast(null as text) as placement,
    cast(null as text) as campaign_key,
    cast(null as text) as content_key,
    cast(null as text) as product_key,
    cast(null as text) as staff_code,
    registered_store as store_code,
    cast(null as text) as session_key,
    registered_at as occurred_at,
    1 as quantity,
    'store' as source
from {{ ref('stg_store__members') }}
where registered_at is not null

union all

select
    record_id,
    'store|' || brand || '|door|' || store_code || '|' || door || '|' || interval_key as touchpoint_key,
    cast(null as text) as account_key,
    'walk_in' as touchpoint_type,
    'store' as channel,
    cast(null as text) as placement,
    cast(null as text) as campaign_key,
    cast(null as text) as content_key,
    cast(null as text) as product_key,
    cast(null as text) as staff_code,
    store_code,
    cast(null as text) as session_key,
    interval_started_at as occurred_at,
    in_count as quantity,
    'store' as source
from {{ ref('stg_store__footfall') }}
where in_count > 0
