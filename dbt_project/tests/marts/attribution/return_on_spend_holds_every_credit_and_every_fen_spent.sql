-- Under each model: what it credits is the revenue of all orders, and what was spent is what fct_ad_spend says.
with

revenue as (
    select sum(net_fen) as net_fen from {{ ref('fct_orders') }}
),

spend as (
    select coalesce(sum(cost_fen), 0) as cost_fen from {{ ref('fct_ad_spend') }}
)

select
    roi.model,
    sum(roi.credit_fen) as credit_fen,
    sum(roi.cost_fen) as cost_fen
from {{ ref('mart_attribution_roi') }} as roi
cross join revenue
cross join spend
group by roi.model, revenue.net_fen, spend.cost_fen
having sum(roi.credit_fen) <> revenue.net_fen or sum(roi.cost_fen) <> spend.cost_fen
