-- Grain: one kind of touchpoint that occurs, with how many rows and how often.
{{ config(materialized='tally', key=['channel', 'touchpoint_type', 'placement'], count='touchpoints') }}

select
    channel,
    touchpoint_type,
    coalesce(placement, '') as placement,
    sum(sign) as touchpoints,
    sum(sign * quantity) as quantity
from {{ changes_of(ref('fct_touchpoints')) }} as touchpoints
group by channel, touchpoint_type, coalesce(placement, '')
