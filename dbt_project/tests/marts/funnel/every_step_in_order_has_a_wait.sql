-- Whoever came to a stage in order waited for it: the waits of a stage are its people, but for the first stage.
with

steps as (
    select
        funnel_on,
        channel,
        stage,
        sum(people_in_order) as people
    from {{ ref('fct_aisas_daily') }}
    where stage <> '{{ var("aisas_strict_stages")[0] }}' and people_in_order > 0
    group by funnel_on, channel, stage
),

waits as (select * from {{ ref('fct_aisas_waits') }})

select
    coalesce(steps.funnel_on, waits.funnel_on) as funnel_on,
    coalesce(steps.channel, waits.channel) as channel,
    coalesce(steps.stage, waits.stage) as stage
from steps
full outer join waits
    on
        steps.funnel_on = waits.funnel_on
        and steps.channel = waits.channel
        and steps.stage = waits.stage
where
    steps.people is distinct from waits.people
    or waits.median_wait_hours is null
