-- Grain: one act of a journey that no order followed within the look-back. A journey ends where the person did nothing
-- for as long as the look-back; on the day it lapses it counts as lost.
{{ config(materialized='kept', key='one_id', scope='int_changed__customers') }}
{% set lookback = "interval '" ~ var('attribution_lookback_days') ~ " days'" %}
with

touchpoints as (select * from {{ ref('int_changed__histories') }}),

-- An order at the very second of an act follows the act.
followed as (
    select
        *,
        min(case when touchpoint_type = 'order' then occurred_at end) over (
            partition by one_id
            order by
                occurred_at desc,
                case when touchpoint_type = 'order' then 0 else 1 end asc,
                touchpoint_key asc
            rows between unbounded preceding and 1 preceding
        ) as next_order_at
    from touchpoints
),

silent as (
    select
        followed.one_id,
        followed.touchpoint_key,
        followed.channel,
        coalesce(followed.campaign_key, '') as campaign_key,
        followed.occurred_at,
        case
            when
                lag(followed.occurred_at) over (
                    partition by followed.one_id order by followed.occurred_at, followed.touchpoint_key
                ) > followed.occurred_at - {{ lookback }}
                then 0
            else 1
        end as is_beginning
    from followed
    where
        followed.stage in {{ sql_list(var('attribution_stages')) }}
        and coalesce(followed.next_order_at >= followed.occurred_at + {{ lookback }}, true)
),

numbered as (
    select
        *,
        sum(is_beginning) over (
            partition by one_id order by occurred_at, touchpoint_key rows unbounded preceding
        ) as journey
    from silent
),

lapsing as (
    select
        *,
        {{ shanghai_date('(max(occurred_at) over (partition by one_id, journey) + ' ~ lookback ~ ')') }} as lapses_on
    from numbered
),

journeys as (
    {{ acts_of_path('lapsing', ['one_id', 'journey']) }}
),

int_attribution__silent as (
    select
        one_id,
        journey,
        lapses_on,
        position,
        path_length,
        touchpoint_key,
        channel,
        previous_channel
    from journeys
)

select * from int_attribution__silent
