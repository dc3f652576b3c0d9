-- Grain: one order of a Douyin shop that waits to be paid (status 1).
select
    order_id as order_no,
    'douyin_buyer' as account_type,
    app as scope,
    doudian_open_id as account_id,
    'douyin_shop' as channel,
    shop_id as shop,
    created_at as placed_at,
    paid_fen as due_fen,
    'douyin_shop|' || app || '|' || order_id as order_key
from {{ ref('stg_douyin_shop__orders') }}
where
    order_status = '1'
    and paid_at is null
