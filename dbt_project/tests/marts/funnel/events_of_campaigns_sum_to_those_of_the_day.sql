-- The fine funnel and the coarse one are of the same events.
with

fine as (
    select
        funnel_on,
        channel,
        stage,
        sum(events) as events
    from {{ ref('fct_aisas_daily') }}
    where events > 0
    group by funnel_on, channel, stage
),

coarse as (select * from {{ ref('fct_funnel_daily') }})

select
    coalesce(fine.funnel_on, coarse.funnel_on) as funnel_on,
    coalesce(fine.channel, coarse.channel) as channel,
    coalesce(fine.stage, coarse.stage) as stage
from fine
full outer join coarse
    on
        fine.funnel_on = coarse.funnel_on
        and fine.channel = coarse.channel
        and fine.stage = coarse.stage
where fine.events is distinct from coarse.events
