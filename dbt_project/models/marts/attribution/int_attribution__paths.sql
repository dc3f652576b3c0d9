-- Grain: one act on the path of one paid order: what its person did within the look-back before it, after the path
-- transform. Paths of one person may overlap; an order is no act of a path.
{{ config(materialized='kept', key='order_key', scope='int_changed__paths', indexes=[
    {'columns': ['order_key']}, {'columns': ['ordered_on']},
]) }}
with

orders as (
    select * from {{ ref('fct_orders') }}
    {{ where_changed('order_key', ref('int_changed__paths')) }}
),

touchpoints as (select * from {{ ref('int_changed__histories') }}),

acts as (
    select
        orders.order_key,
        orders.ordered_at,
        orders.ordered_on,
        touchpoints.touchpoint_key,
        touchpoints.channel,
        touchpoints.occurred_at,
        touchpoints.occurred_on,
        coalesce(touchpoints.campaign_key, '') as campaign_key
    from orders
    inner join touchpoints
        on
            orders.one_id = touchpoints.one_id
            and orders.ordered_at >= touchpoints.occurred_at
            and orders.ordered_at < touchpoints.occurred_at + interval '{{ var("attribution_lookback_days") }} days'
    where
        orders.is_paid
        and touchpoints.stage in {{ sql_list(var('attribution_stages')) }}
),

paths as (
    {{ acts_of_path('acts', ['order_key']) }}
),

-- How often the path meets the act's channel, and how many channels it has.
counted as (
    select
        *,
        count(*) over (partition by order_key, channel) as acts_of_channel,
        max(channel_rank) over (partition by order_key) as channels_count
    from (
        select
            *,
            dense_rank() over (partition by order_key order by channel) as channel_rank
        from paths
    ) as ranked
),

int_attribution__paths as (
    select
        order_key,
        ordered_on,
        position,
        path_length,
        touchpoint_key,
        channel,
        previous_channel,
        campaign_key,
        acts_of_channel,
        channels_count,
        occurred_on,
        {{ seconds_between('occurred_at', 'ordered_at') }} as seconds_before
    from counted
)

select * from int_attribution__paths
