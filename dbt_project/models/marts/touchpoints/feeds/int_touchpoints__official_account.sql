-- Grain: one follow of one follower. An unfollowed account keeps no date; it did follow once, but nobody knows when.
select
    record_id,
    'official_account_follower' as account_type,
    appid as scope,
    openid as account_id,
    'follow' as touchpoint_type,
    'official_account' as channel,
    cast(null as text) as placement,
    cast(null as text) as campaign_key,
    cast(null as text) as content_key,
    cast(null as text) as product_key,
    cast(null as text) as staff_code,
    cast(null as text) as store_code,
    cast(null as text) as session_key,
    subscribed_at as occurred_at,
    1 as quantity,
    'official_account' as source,
    'official_account|' || appid || '|' || openid as touchpoint_key
from {{ ref('stg_official_account__followers') }}
where subscribed_at is not null
