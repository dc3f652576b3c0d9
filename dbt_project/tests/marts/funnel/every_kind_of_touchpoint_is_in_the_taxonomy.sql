-- A placement or type the seed does not know is in no stage: add a row, `none` if it belongs in none.
{{ config(severity='warn') }}

with

touchpoints as (select * from {{ ref('fct_touchpoints') }}),

stages as (select * from {{ ref('touchpoint_kinds') }})

select
    touchpoints.channel,
    touchpoints.touchpoint_type,
    touchpoints.placement
from touchpoints
left join stages
    on
        touchpoints.channel = stages.channel
        and touchpoints.touchpoint_type = stages.touchpoint_type
        and coalesce(touchpoints.placement, '') = coalesce(stages.placement, '')
where stages.stage is null
group by touchpoints.channel, touchpoints.touchpoint_type, touchpoints.placement
