with

refunds as (
    select
        order_key,
        sum(amount_fen) as amount_fen
    from {{ ref('fct_refunds') }}
    group by order_key
)

select coalesce(orders.order_key, refunds.order_key) as order_key
from {{ ref('fct_orders') }} as orders
full outer join refunds on orders.order_key = refunds.order_key
where coalesce(orders.refunded_fen, 0) <> coalesce(refunds.amount_fen, 0)
