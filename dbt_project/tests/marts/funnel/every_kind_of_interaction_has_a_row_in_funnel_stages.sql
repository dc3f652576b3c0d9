-- A placement or type the seed does not know is in no stage: add a row, `none` if it belongs in none.
{{ config(severity='warn') }}

with

interactions as (select * from {{ ref('fct_interactions') }}),

stages as (select * from {{ ref('funnel_stages') }})

select
    interactions.channel,
    interactions.interaction_type,
    interactions.placement
from interactions
left join stages
    on
        interactions.channel = stages.channel
        and interactions.interaction_type = stages.interaction_type
        and coalesce(interactions.placement, '') = coalesce(stages.placement, '')
where stages.stage is null
group by interactions.channel, interactions.interaction_type, interactions.placement
