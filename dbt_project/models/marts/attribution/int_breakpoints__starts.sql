-- Grain: one person at the start of a link in a week, by the campaign they came with, and whether they went on within
-- the link's days.
{{ config(materialized='kept', key='one_id', scope='int_changed__customers') }}
with

touchpoints as (select * from {{ ref('int_changed__histories') }}),

nodes as (select * from {{ ref('journey_nodes') }}),

links as (select * from {{ ref('int_journey_links') }}),

-- One act may be the end of a link and the start of the next, or both of one link: an order, of buying again.
acts as (
    select
        touchpoints.one_id,
        links.template,
        links.step,
        links.within_days,
        touchpoints.touchpoint_key,
        touchpoints.occurred_at,
        touchpoints.occurred_on,
        coalesce(touchpoints.campaign_key, '') as campaign_key,
        max(case when nodes.step = links.step then 1 else 0 end) as is_start,
        max(case when nodes.step > links.step then 1 else 0 end) as is_end
    from touchpoints
    inner join nodes
        on
            touchpoints.touchpoint_type = nodes.touchpoint_type
            and touchpoints.channel = coalesce(nodes.channel, touchpoints.channel)
    inner join links
        on
            nodes.template = links.template
            and nodes.step in (links.step, links.step + 1)
    where touchpoints.one_id is not null
    group by
        touchpoints.one_id,
        links.template,
        links.step,
        links.within_days,
        touchpoints.touchpoint_key,
        coalesce(touchpoints.campaign_key, ''),
        touchpoints.occurred_at,
        touchpoints.occurred_on
),

-- Of two acts at the very same second, what begins a link comes before what ends it.
followed as (
    select
        *,
        min(case when is_end = 1 then occurred_at end) over (
            partition by one_id, template, step
            order by occurred_at desc, is_start asc, touchpoint_key asc
            rows between unbounded preceding and 1 preceding
        ) as went_on_at
    from acts
),

int_breakpoints__starts as (
    select
        one_id,
        template,
        step,
        campaign_key,
        cast(date_trunc('week', occurred_on) as date) as starts_on,
        max(case when went_on_at < {{ dbt.dateadd('day', 'within_days', 'occurred_at') }} then 1 else 0 end) as went_on
    from followed
    where is_start = 1
    group by one_id, template, step, campaign_key, cast(date_trunc('week', occurred_on) as date)
)

select * from int_breakpoints__starts
