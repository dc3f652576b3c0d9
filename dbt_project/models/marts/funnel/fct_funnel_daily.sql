-- Grain: one day, channel and AISAS stage with at least one event.
{{ config(materialized='tally', key=['funnel_on', 'channel', 'stage'], count='events') }}

with

touchpoints as (select * from {{ changes_of(ref('fct_touchpoints')) }} as changes),

people as (select * from {{ changes_of(ref('int_funnel_people')) }} as changes),

kinds as (select * from {{ ref('touchpoint_kinds') }}),

told as (
    select
        touchpoints.occurred_on as funnel_on,
        touchpoints.channel,
        kinds.stage,
        touchpoints.sign * coalesce(touchpoints.quantity, 0) as events,
        touchpoints.sign * coalesce(touchpoints.revenue_fen, 0) as revenue_fen,
        0 as customers,
        0 as buyers_within_7_days,
        0 as buyers_within_30_days
    from touchpoints
    inner join kinds
        on {{ is_of_kind('touchpoints', 'kinds') }}
    where kinds.stage <> 'none'
    union all
    select
        funnel_on,
        channel,
        stage,
        0 as events,
        0 as revenue_fen,
        sign as customers,
        sign * buys_within_7_days as buyers_within_7_days,
        sign * buys_within_30_days as buyers_within_30_days
    from people
),

fct_funnel_daily as (
    select
        funnel_on,
        channel,
        stage,
        cast(sum(events) as bigint) as events,
        cast(sum(revenue_fen) as bigint) as revenue_fen,
        cast(sum(customers) as bigint) as customers,
        cast(sum(buyers_within_7_days) as bigint) as buyers_within_7_days,
        cast(sum(buyers_within_30_days) as bigint) as buyers_within_30_days
    from told
    group by funnel_on, channel, stage
)

select * from fct_funnel_daily
