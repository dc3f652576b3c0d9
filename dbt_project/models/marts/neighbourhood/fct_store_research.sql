-- Grain: one paid order of a known person in a store, with what they looked up online before it.
{{ config(materialized='kept', key='one_id', scope='int_changed__customers') }}
{% set window = "interval '" ~ var('neighbourhood_research_days') ~ " days'" %}

with

all_orders as (
    select * from {{ ref('fct_orders') }}
    {{ where_changed('one_id', ref('int_changed__customers')) }}
),

touchpoints as (select * from {{ ref('int_changed__histories') }}),

orders as (
    select * from all_orders
    where channel = 'store' and is_paid and one_id is not null
),

research as (
    select
        touchpoints.one_id,
        touchpoints.touchpoint_key,
        touchpoints.channel,
        touchpoints.occurred_at
    from touchpoints
    where
        touchpoints.channel not in {{ sql_list(var('neighbourhood_places')) }}
        and touchpoints.stage in {{ sql_list(var('neighbourhood_research_stages')) }}
),

ranked as (
    select
        orders.order_key,
        research.channel,
        research.occurred_at,
        count(*) over (partition by orders.order_key) as acts_count,
        row_number() over (
            partition by orders.order_key order by research.occurred_at desc, research.touchpoint_key desc
        ) as place
    from orders
    inner join research
        on
            orders.one_id = research.one_id
            and orders.ordered_at > research.occurred_at
            and orders.ordered_at <= research.occurred_at + {{ window }}
),

fct_store_research as (
    select
        orders.order_key,
        orders.one_id,
        orders.store_code,
        orders.ordered_on,
        orders.net_fen,
        ranked.occurred_at as researched_at,
        coalesce(ranked.channel, 'none') as research_channel,
        coalesce(ranked.acts_count, 0) as research_acts
    from orders
    left join ranked on orders.order_key = ranked.order_key and ranked.place = 1
)

select * from fct_store_research
