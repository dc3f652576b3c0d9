-- Per day and sales channel, to the fen; returns whose sale is unknown included.
with

credits as (
    select
        model,
        ordered_on,
        sales_channel,
        sum(credit_fen) as credit_fen
    from {{ ref('fct_attribution') }}
    group by model, ordered_on, sales_channel
),

models as (
    select distinct model from credits
),

revenue as (
    select
        models.model,
        orders.ordered_on,
        orders.channel,
        sum(orders.net_fen) as net_fen
    from {{ ref('fct_orders') }} as orders
    cross join models
    group by models.model, orders.ordered_on, orders.channel
)

select
    revenue.*,
    credits.credit_fen
from revenue
full outer join credits
    on
        revenue.model = credits.model
        and revenue.ordered_on = credits.ordered_on
        and revenue.channel = credits.sales_channel
where revenue.net_fen is distinct from credits.credit_fen
