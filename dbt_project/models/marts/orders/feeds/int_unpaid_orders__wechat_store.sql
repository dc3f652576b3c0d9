-- Grain: one order of a WeChat Store that waits to be paid (status 10).
select
    order_id as order_no,
    'wechat_store_user' as account_type,
    appid as scope,
    openid as account_id,
    'wechat_store' as channel,
    appid as shop,
    created_at as placed_at,
    order_price_fen as due_fen,
    'wechat_store|' || appid || '|' || order_id as order_key
from {{ ref('stg_wechat_store__orders') }}
where
    status = '10'
    and paid_at is null
