-- Grain: one lead of a list: of a fair, a store's event, or a console that has no API.
select
    record_id,
    'lead' as touchpoint_type,
    cast(null as text) as placement,
    cast(null as text) as content_key,
    cast(null as text) as product_key,
    cast(null as text) as staff_code,
    store_code,
    cast(null as text) as session_key,
    captured_at as occurred_at,
    1 as quantity,
    'leads' as source,
    'leads|' || brand || '|' || lead_id as touchpoint_key,
    {{ account_key("'lead'", 'brand', 'lead_id') }} as account_key,
    case
        when origin like 'xiaohongshu%' then 'xiaohongshu'
        when origin like 'zhihu%' then 'zhihu'
        when origin in ('baby_fair', 'store_event') then 'offline_event'
        else 'other'
    end as channel,
    'campaign|' || campaign as campaign_key
from {{ ref('stg_leads__leads') }}
