-- Per day: orders and money are all of the stores' orders with a known buyer, and the daily sums say the same.
with

researched as (
    select
        ordered_on,
        count(*) as orders_count,
        sum(net_fen) as net_fen
    from {{ ref('fct_store_research') }}
    group by ordered_on
),

daily as (
    select
        ordered_on,
        sum(orders_count) as orders_count,
        sum(net_fen) as net_fen
    from {{ ref('fct_store_research_daily') }}
    group by ordered_on
),

orders as (
    select
        ordered_on,
        count(*) as orders_count,
        sum(net_fen) as net_fen
    from {{ ref('fct_orders') }}
    where channel = 'store' and is_paid and one_id is not null
    group by ordered_on
)

select coalesce(orders.ordered_on, researched.ordered_on, daily.ordered_on) as ordered_on
from orders
full outer join researched on orders.ordered_on = researched.ordered_on
full outer join daily on coalesce(orders.ordered_on, researched.ordered_on) = daily.ordered_on
where
    coalesce(orders.orders_count, 0) <> coalesce(researched.orders_count, 0)
    or coalesce(orders.net_fen, 0) <> coalesce(researched.net_fen, 0)
    or coalesce(orders.orders_count, 0) <> coalesce(daily.orders_count, 0)
    or coalesce(orders.net_fen, 0) <> coalesce(daily.net_fen, 0)
