-- Grain: one day and channel where chains began, and one AISAS stage they came to, with how long it took.
with

waits as (select * from {{ ref('int_aisas_waits') }}),

ranked as (
    select
        *,
        sum(people) over (partition by funnel_on, channel, stage order by wait_hours) as people_so_far,
        sum(people) over (partition by funnel_on, channel, stage) as people_in_all
    from waits
),

fct_aisas_waits as (
    select
        funnel_on,
        channel,
        stage,
        cast(sum(people) as bigint) as people,
        min(case when people_so_far * 2 >= people_in_all then wait_hours end) as median_wait_hours
    from ranked
    group by funnel_on, channel, stage
)

select * from fct_aisas_waits
