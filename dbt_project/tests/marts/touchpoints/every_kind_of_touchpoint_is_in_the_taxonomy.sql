-- A kind that the seed does not know has no stage, domain, field and phase: add a row, with the stage `none` if it
-- belongs in none.
select
    occurring.channel,
    occurring.touchpoint_type,
    occurring.placement
from {{ ref('int_touchpoints_by_kind') }} as occurring
left join {{ ref('dim_channels') }} as kinds
    on {{ is_of_kind('occurring', 'kinds') }}
where kinds.kind_key is null
