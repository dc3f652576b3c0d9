-- Grain: one creator and channel that orders name, with how many of them.
{{ config(materialized='tally', key=['creator_key', 'channel'], count='orders') }}

select
    creator_key,
    channel,
    sum(sign) as orders
from {{ changes_of(ref('fct_orders')) }} as orders
where creator_key is not null
group by creator_key, channel
