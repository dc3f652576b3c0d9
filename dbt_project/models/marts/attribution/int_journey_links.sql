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
        starts.template,
        starts.step,
        starts.node as from_node,
        ends.node as to_node,
        ends.taps,
        ends.within_days
    from nodes as starts
    inner join nodes as ends
        on
            starts.template = ends.template
            and starts.step + 1 = ends.step
)

select * from int_journey_links
