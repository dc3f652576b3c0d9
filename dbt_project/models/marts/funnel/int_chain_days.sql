-- Grain: one day, channel and phase of the chain (front, middle, back) with at least one touchpoint.
{{ config(materialized='tally', key=['chain_on', 'channel', 'phase'], count='facts_count') }}

with

touchpoints as (select * from {{ changes_of(ref('fct_touchpoints')) }} as changes),

people as (select * from {{ changes_of(ref('int_chain_people')) }} as changes),

kinds as (select * from {{ ref('touchpoint_kinds') }}),

told as (
    select
        touchpoints.occurred_on as chain_on,
        touchpoints.channel,
        coalesce(kinds.phase, 'unknown') as phase,
        touchpoints.sign,
        coalesce(touchpoints.quantity, 0) as touchpoints_count,
        0 as people,
        0 as people_going_on
    from touchpoints
    left join kinds
        on {{ is_of_kind('touchpoints', 'kinds') }}
    union all
    select
        chain_on,
        channel,
        phase,
        sign,
        0 as touchpoints_count,
        1 as people,
        goes_on as people_going_on
    from people
),

int_chain_days as (
    select
        chain_on,
        channel,
        phase,
        cast(sum(sign * touchpoints_count) as bigint) as touchpoints_count,
        cast(sum(sign * people) as bigint) as people,
        cast(sum(sign * people_going_on) as bigint) as people_going_on,
        cast(sum(sign) as bigint) as facts_count
    from told
    group by chain_on, channel, phase
)

select * from int_chain_days
