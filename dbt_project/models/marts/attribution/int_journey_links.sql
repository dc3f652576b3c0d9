-- Grain: one link of a journey template, between a step and the next.
with

nodes as (
    select distinct
        template,
        step,
        node,
        taps,
        within_days
    from {{ ref('journey_nodes') }}
),

int_journey_links as (
    select
        origins.template,
        origins.step,
        origins.node as from_node,
        goals.node as to_node,
        goals.taps,
        goals.within_days
    from nodes as origins
    inner join nodes as goals
        on
            origins.template = goals.template
            and origins.step + 1 = goals.step
)

select * from int_journey_links
