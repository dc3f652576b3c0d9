{{ config(severity='warn') }}
-- A node that nothing can reach would be a breakpoint by a slip of the pen.
select
    nodes.template,
    nodes.step,
    nodes.channel,
    nodes.touchpoint_type
from {{ ref('journey_nodes') }} as nodes
left join {{ ref('touchpoint_kinds') }} as kinds
    on
        nodes.touchpoint_type = kinds.touchpoint_type
        and kinds.channel = coalesce(nodes.channel, kinds.channel)
where kinds.touchpoint_type is null
