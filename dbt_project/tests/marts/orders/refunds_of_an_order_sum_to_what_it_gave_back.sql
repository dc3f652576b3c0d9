with

orders as (select * from {{ ref('fct_orders') }}),

refunds as (
    select
        order_key,
        sum(amount_fen) as amount_fen
    from {{ ref('fct_refunds') }}
    group by order_key
)

select
    orders.order_key,
    orders.refunded_fen,
    refunds.amount_fen
from orders
left join refunds on orders.order_key = refunds.order_key
where orders.refunded_fen <> coalesce(refunds.amount_fen, 0)
