-- Per order and inviter, and of an order all together never more than the percents of what was paid.
with

rewards as (select * from {{ ref('fct_referral_rewards') }}),

orders as (select * from {{ ref('fct_orders') }}),

unbalanced as (
    select order_key
    from rewards
    where
        granted_fen - clawed_back_fen <> outstanding_fen
        or clawed_back_fen not between 0 and granted_fen
),

too_much as (
    select rewards.order_key
    from rewards
    left join orders on rewards.order_key = orders.order_key
    group by rewards.order_key, orders.net_fen
    having
        orders.net_fen is null
        or sum(rewards.outstanding_fen)
        > greatest(orders.net_fen, 0) * {{ var('referral_reward_percents')[: var('referral_depth_cap')] | sum }} / 100.0
)

select order_key from unbalanced
union all
select order_key from too_much
