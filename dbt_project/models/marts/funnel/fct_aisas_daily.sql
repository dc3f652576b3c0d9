-- Grain: one day, channel, campaign, product and AISAS stage that somebody touched, or reached from there.
{{ config(
    materialized='tally', key=['funnel_on', 'channel', 'campaign_key', 'product_key', 'stage'], count='facts_count',
) }}

with

touchpoints as (select * from {{ changes_of(ref('fct_touchpoints')) }} as changes),

people as (select * from {{ changes_of(ref('int_aisas_people')) }} as changes),

kinds as (select * from {{ ref('touchpoint_kinds') }}),

told as (
    select
        touchpoints.occurred_on as funnel_on,
        touchpoints.channel,
        coalesce(touchpoints.campaign_key, '') as campaign_key,
        coalesce(touchpoints.product_key, '') as product_key,
        kinds.stage,
        touchpoints.sign,
        coalesce(touchpoints.quantity, 0) as events,
        0 as people,
        0 as people_any_order,
        0 as people_in_order
    from touchpoints
    inner join kinds
        on {{ is_of_kind('touchpoints', 'kinds') }}
    where kinds.stage <> 'none'
    union all
    select
        funnel_on,
        channel,
        campaign_key,
        product_key,
        stage,
        sign,
        0 as events,
        is_here as people,
        1 as people_any_order,
        is_in_order as people_in_order
    from people
),

fct_aisas_daily as (
    select
        funnel_on,
        channel,
        campaign_key,
        product_key,
        stage,
        cast(sum(sign * events) as bigint) as events,
        cast(sum(sign * people) as bigint) as people,
        cast(sum(sign * people_any_order) as bigint) as people_any_order,
        cast(sum(sign * people_in_order) as bigint) as people_in_order,
        cast(sum(sign) as bigint) as facts_count
    from told
    group by funnel_on, channel, campaign_key, product_key, stage
)

select * from fct_aisas_daily
