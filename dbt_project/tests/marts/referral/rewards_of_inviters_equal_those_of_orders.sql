with

inviters as (select * from {{ ref('mart_referral_inviters') }}),

rewards as (select * from {{ ref('fct_referral_rewards') }})

select
    coalesce((select sum(inviters.outstanding_fen) from inviters), 0) as of_inviters,
    coalesce((select sum(rewards.outstanding_fen) from rewards), 0) as of_orders
where
    coalesce((select sum(inviters.outstanding_fen) from inviters), 0)
    <> coalesce((select sum(rewards.outstanding_fen) from rewards), 0)
