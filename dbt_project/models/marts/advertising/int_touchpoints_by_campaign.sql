-- Grain: one campaign that touchpoints name, with how many of them.
{{ config(materialized='tally', key=['campaign_key'], count='touchpoints') }}

select
    campaign_key,
    sum(sign) as touchpoints
from {{ changes_of(ref('fct_touchpoints')) }} as touchpoints
where campaign_key is not null
group by campaign_key
