with

days as (
    select
        credited_on,
        channel,
        sum(credit_fen) as credit_fen
    from {{ ref('fct_staff_daily') }}
    group by credited_on, channel
),

orders as (
    select
        ordered_on,
        channel,
        sum(net_fen) as net_fen
    from {{ ref('fct_orders') }}
    group by ordered_on, channel
)

select
    orders.ordered_on,
    orders.channel
from orders
full outer join days
    on
        orders.ordered_on = days.credited_on
        and orders.channel = days.channel
where orders.net_fen is distinct from days.credit_fen
