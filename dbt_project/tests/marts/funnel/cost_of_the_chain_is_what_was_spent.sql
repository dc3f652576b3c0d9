with

chain as (
    select
        chain_on,
        channel,
        sum(cost_fen) as cost_fen
    from {{ ref('fct_chain_daily') }}
    where cost_fen <> 0
    group by chain_on, channel
),

spend as (
    select
        spent_on,
        channel,
        sum(cost_fen) as cost_fen
    from {{ ref('fct_ad_spend') }}
    where cost_fen <> 0
    group by spent_on, channel
)

select
    coalesce(chain.chain_on, spend.spent_on) as chain_on,
    coalesce(chain.channel, spend.channel) as channel
from chain
full outer join spend
    on
        chain.chain_on = spend.spent_on
        and chain.channel = spend.channel
where chain.cost_fen is distinct from spend.cost_fen
