-- Grain: one day and channel on which acts let the brand write to somebody from then on, with how many.
{{ config(materialized='tally', key=['contacted_on', 'channel'], count='contacts') }}

select
    occurred_on as contacted_on,
    channel,
    cast(sum(sign) as bigint) as contacts
from {{ changes_of(ref('fct_touchpoints')) }} as touchpoints
where touchpoint_type in {{ sql_list(var('growth_retaining_types')) }}
group by occurred_on, channel
