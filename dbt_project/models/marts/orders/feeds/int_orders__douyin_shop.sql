-- Grain: one paid order of a Douyin shop. Its lines say who sold it, live or by a video; where they differ, the line
-- that cost most.
with

orders as (select * from {{ ref('stg_douyin_shop__orders') }}),

lines as (select * from {{ ref('stg_douyin_shop__order_lines') }}),

sold as (
    select
        app,
        order_id,
        author_id,
        room_id,
        row_number() over (
            partition by app, order_id order by paid_fen desc nulls last, sku_order_id asc
        ) as place
    from lines
    where author_id is not null
),

stores as (
    select
        app,
        order_id,
        min(store_id) as store_id
    from lines
    group by app, order_id
)

select
    orders.record_id,
    orders.order_id as order_no,
    'douyin_buyer' as account_type,
    orders.app as scope,
    orders.doudian_open_id as account_id,
    'douyin_shop' as channel,
    orders.shop_id as shop,
    orders.paid_at as ordered_at,
    stores.store_id as store_code,
    cast(null as text) as staff_code,
    orders.province,
    orders.city,
    'shipped' as fulfilment,
    orders.paid_fen as gross_fen,
    true as is_paid,
    'douyin_shop|' || orders.app || '|' || orders.order_id as order_key,
    'douyin_shop|' || sold.room_id as live_room_key,
    'douyin_shop|' || sold.author_id as creator_key
from orders
left join sold
    on
        orders.app = sold.app
        and orders.order_id = sold.order_id
        and sold.place = 1
left join stores
    on
        orders.app = stores.app
        and orders.order_id = stores.order_id
where orders.paid_at is not null
