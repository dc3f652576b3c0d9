with

goals as (select * from {{ ref('stage_goals') }}),

told as (
    select
        starts_on,
        ends_on,
        channel,
        metric,
        count(*) as times
    from {{ ref('fct_stage_goals') }}
    group by starts_on, ends_on, channel, metric
)

select
    goals.starts_on,
    goals.metric
from goals
full outer join told
    on
        goals.starts_on = told.starts_on
        and goals.ends_on = told.ends_on
        and goals.channel = told.channel
        and goals.metric = told.metric
where
    goals.metric is null
    or coalesce(told.times, 0) <> 1
