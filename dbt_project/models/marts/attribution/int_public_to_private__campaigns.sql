-- Grain: one campaign, or a channel's acts without one, with the people whom it met on public ground.
{{ config(materialized='tally', key=['channel', 'campaign_key'], count='people') }}
with

people as (select * from {{ changes_of(ref('int_public_to_private__people')) }} as changes),

int_public_to_private__campaigns as (
    select
        channel,
        campaign_key,
        cast(sum(sign) as bigint) as people,
        cast(sum(sign * has_come_in) as bigint) as inflow,
        cast(sum(sign * has_come_back) as bigint) as backflow
    from people
    group by channel, campaign_key
)

select * from int_public_to_private__campaigns
