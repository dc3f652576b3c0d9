-- Grain: one day, channel and phase of the chain (front, middle, back) with at least one touchpoint, or money spent.
with

days as (select * from {{ ref('int_chain_days') }}),

spend as (select * from {{ ref('fct_ad_spend') }}),

-- Money is spent to be seen: all of it counts to the front.
costs as (
    select
        spent_on,
        channel,
        'front' as phase,
        sum(cost_fen) as cost_fen
    from spend
    group by spent_on, channel
),

fct_chain_daily as (
    select
        cast(coalesce(costs.cost_fen, 0) as bigint) as cost_fen,
        coalesce(days.chain_on, costs.spent_on) as chain_on,
        coalesce(days.channel, costs.channel) as channel,
        coalesce(days.phase, costs.phase) as phase,
        coalesce(days.touchpoints_count, 0) as touchpoints_count,
        coalesce(days.people, 0) as people,
        coalesce(days.people_going_on, 0) as people_going_on
    from days
    full outer join costs
        on
            days.chain_on = costs.spent_on
            and days.channel = costs.channel
            and days.phase = costs.phase
)

select * from fct_chain_daily
