-- By the channel on which it was bought: what the platforms gave back is what their orders say. A till that takes back
-- what was bought online comes on top of that.
with

returned as (
    select
        order_channel,
        sum(amount_fen) as amount_fen
    from {{ ref('fct_returns_daily') }}
    where order_channel not in ('store', 'unknown') and return_channel <> 'store'
    group by order_channel
),

orders as (
    select
        channel,
        sum(refunded_fen) as refunded_fen
    from {{ ref('fct_orders') }}
    where is_paid and channel <> 'store'
    group by channel
)

select coalesce(returned.order_channel, orders.channel) as order_channel
from returned
full outer join orders on returned.order_channel = orders.channel
where coalesce(returned.amount_fen, 0) <> coalesce(orders.refunded_fen, 0)
