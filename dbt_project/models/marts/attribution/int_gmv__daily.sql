-- Grain: one day and channel with its traffic and what was bought there.
{{ config(materialized='tally', key=['gmv_on', 'channel'], count='facts') }}
with

kinds as (
    select * from {{ ref('touchpoint_kinds') }}
    where stage in {{ sql_list(var('gmv_traffic_stages')) }}
),

facts as (
    select
        touchpoints.occurred_on as gmv_on,
        touchpoints.channel,
        touchpoints.sign,
        touchpoints.quantity as traffic,
        0 as orders,
        0 as gmv_fen
    from {{ changes_of(ref('fct_touchpoints')) }} as touchpoints
    inner join kinds
        on {{ is_of_kind('touchpoints', 'kinds') }}
    union all
    select
        ordered_on as gmv_on,
        channel,
        sign,
        0 as traffic,
        1 as orders,
        gross_fen as gmv_fen
    from {{ changes_of(ref('fct_orders')) }} as orders
    where is_paid
),

int_gmv__daily as (
    select
        gmv_on,
        channel,
        cast(sum(sign) as bigint) as facts,
        cast(sum(sign * traffic) as bigint) as traffic,
        cast(sum(sign * orders) as bigint) as orders,
        cast(sum(sign * gmv_fen) as bigint) as gmv_fen
    from facts
    group by gmv_on, channel
)

select * from int_gmv__daily
