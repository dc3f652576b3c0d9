-- To the fen, order by order, nobody's credits included.
with

credits as (
    select
        order_key,
        sum(credit_fen) as credit_fen
    from {{ ref('fct_staff_credits') }}
    group by order_key
),

orders as (select * from {{ ref('fct_orders') }})

select
    orders.order_key,
    credits.credit_fen
from orders
full outer join credits on orders.order_key = credits.order_key
where orders.net_fen is distinct from credits.credit_fen
