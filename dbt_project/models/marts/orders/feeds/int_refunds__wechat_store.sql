-- Grain: one after-sale of a paid order of a WeChat Store that moved money; and one order that the store cancelled
-- because the goods were sold out (190), for which the buyer has to ask nothing.
with

orders as (
    select
        *,
        'wechat_store|' || appid || '|' || order_id as order_key
    from {{ ref('stg_wechat_store__orders') }}
    where paid_at is not null
),

after_sales as (
    select
        *,
        'wechat_store|' || appid || '|' || order_id as order_key
    from {{ ref('stg_wechat_store__after_sales') }}
),

spoken_of as (
    select distinct order_key from after_sales
    where order_key is not null
),

-- An after-sale names the goods, not the line.
lines as (
    select
        appid,
        order_id,
        sku_id,
        min(line_number) as line_number
    from {{ ref('stg_wechat_store__order_lines') }}
    group by appid, order_id, sku_id
),

refunds as (
    select
        after_sales.record_id,
        'wechat_store|' || after_sales.appid || '|' || after_sales.after_sale_order_id as refund_key,
        after_sales.order_key,
        after_sales.order_key || '|' || lines.line_number as line_key,
        after_sales.updated_at as refunded_at,
        after_sales.refund_fen as amount_fen
    from after_sales
    left join lines
        on
            after_sales.appid = lines.appid
            and after_sales.order_id = lines.order_id
            and after_sales.sku_id = lines.sku_id
    where
        after_sales.is_refunded
        and after_sales.order_key in (select orders.order_key from orders)
    union all
    select
        record_id,
        order_key || '|cancelled' as refund_key,
        order_key,
        cast(null as text) as line_key,
        updated_at as refunded_at,
        order_price_fen as amount_fen
    from orders
    where
        status = '190'
        and order_key not in (select spoken_of.order_key from spoken_of)
)

select
    record_id,
    refund_key,
    order_key,
    line_key,
    'wechat_store' as channel,
    cast(null as text) as store_code,
    refunded_at,
    amount_fen
from refunds
