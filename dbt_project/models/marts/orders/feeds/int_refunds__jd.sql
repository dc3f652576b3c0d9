-- Grain: one refund that JD paid out; and one order that was cancelled without an after-sale. Refunds before shipping
-- are nowhere to be read, but a paid order that is cancelled gave its money back.
with

orders as (select * from {{ ref('int_paid_orders__jd') }}),

after_sales as (
    select
        *,
        'jd|' || app || '|' || order_id as order_key
    from {{ ref('stg_jd__after_sales') }}
),

spoken_of as (
    select distinct order_key from after_sales
    where order_key is not null
),

-- An after-sale names the goods, not the line.
lines as (
    select
        app,
        order_id,
        ware_id,
        min(line_number) as line_number
    from {{ ref('stg_jd__order_lines') }}
    group by app, order_id, ware_id
),

paid_out as (
    select
        after_sales.record_id,
        'jd|' || after_sales.app || '|' || after_sales.refund_id as refund_key,
        after_sales.order_key,
        after_sales.order_key || '|' || lines.line_number as line_key,
        coalesce(after_sales.completed_at, after_sales.approved_at, after_sales.applied_at) as refunded_at,
        after_sales.refund_fen as amount_fen
    from after_sales
    left join lines
        on
            after_sales.app = lines.app
            and after_sales.order_id = lines.order_id
            and after_sales.ware_id = lines.ware_id
    where
        after_sales.is_refunded
        and after_sales.order_key in (select orders.order_key from orders)
),

cancelled as (
    select
        record_id,
        order_key || '|cancelled' as refund_key,
        order_key,
        cast(null as text) as line_key,
        coalesce(ended_at, modified_at) as refunded_at,
        payment_fen as amount_fen
    from orders
    where
        state = 'TRADE_CANCELED'
        and order_key not in (select spoken_of.order_key from spoken_of)
),

refunds as (
    select * from paid_out
    union all
    select * from cancelled
)

select
    record_id,
    refund_key,
    order_key,
    line_key,
    'jd' as channel,
    cast(null as text) as store_code,
    refunded_at,
    amount_fen
from refunds
