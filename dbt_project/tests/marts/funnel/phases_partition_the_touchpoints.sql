-- Every touchpoint is in one phase of its day and channel, and people go on from where they are.
with

phases as (
    select
        chain_on,
        channel,
        sum(touchpoints_count) as touchpoints_count,
        min(people - people_going_on) as people_staying
    from {{ ref('fct_chain_daily') }}
    where touchpoints_count > 0
    group by chain_on, channel
),

touchpoints as (
    select
        occurred_on,
        channel,
        sum(quantity) as quantity
    from {{ ref('fct_touchpoints') }}
    group by occurred_on, channel
)

select
    coalesce(phases.chain_on, touchpoints.occurred_on) as chain_on,
    coalesce(phases.channel, touchpoints.channel) as channel
from phases
full outer join touchpoints
    on
        phases.chain_on = touchpoints.occurred_on
        and phases.channel = touchpoints.channel
where
    phases.touchpoints_count is distinct from touchpoints.quantity
    or phases.people_staying < 0
