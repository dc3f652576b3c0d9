-- Grain: one paid order of a WeChat Store.
select
    record_id,
    order_id as order_no,
    'wechat_store_user' as account_type,
    appid as scope,
    openid as account_id,
    'wechat_store' as channel,
    appid as shop,
    paid_at as ordered_at,
    cast(null as text) as store_code,
    cast(null as text) as staff_code,
    cast(null as text) as province,
    cast(null as text) as city,
    'shipped' as fulfilment,
    order_price_fen as gross_fen,
    true as is_paid,
    'wechat_store|' || appid || '|' || order_id as order_key,
    'wechat_store|' || live_id as live_room_key,
    'wechat_store|' || finder_id as creator_key
from {{ ref('stg_wechat_store__orders') }}
where paid_at is not null
