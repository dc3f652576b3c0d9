with

actions as (
    select
        funnel_on,
        channel,
        events,
        revenue_fen
    from {{ ref('fct_funnel_daily') }}
    where stage = 'action'
),

orders as (
    select
        ordered_on,
        channel,
        count(*) as orders_count,
        sum(net_fen) as net_fen
    from {{ ref('fct_orders') }}
    where is_paid
    group by ordered_on, channel
)

select
    coalesce(actions.funnel_on, orders.ordered_on) as funnel_on,
    coalesce(actions.channel, orders.channel) as channel
from actions
full outer join orders
    on
        actions.funnel_on = orders.ordered_on
        and actions.channel = orders.channel
where
    actions.events is distinct from orders.orders_count
    or actions.revenue_fen is distinct from orders.net_fen
