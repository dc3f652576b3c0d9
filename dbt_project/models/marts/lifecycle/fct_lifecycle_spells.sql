-- Grain: one person and one spell [from_on, until_on) in one state of the lifecycle. What follows if they do not order
-- again is in it too: spells begin on days to come. Cut it at your date.
{{ config(materialized='kept', key='one_id', scope='int_changed__customers') }}

with

accounts as (
    select * from {{ ref('bridge_customer_accounts') }}
    {{ where_changed('one_id', ref('int_changed__customers')) }}
),

order_days as (
    select * from {{ ref('int_order_days') }}
    {{ where_changed('one_id', ref('int_changed__customers')) }}
),

known as (
    select
        one_id,
        min(first_seen_on) as known_on
    from accounts
    group by one_id
),

first_orders as (
    select
        one_id,
        min(ordered_on) as first_on
    from order_days
    group by one_id
),

-- When the person would be at risk, and lapsed, should no order follow.
paced as (
    select
        one_id,
        ordered_on,
        previous_on,
        next_on,
        {{ days_after('previous_on', var('lifecycle_at_risk_days')) }} as was_at_risk_on,
        {{ days_after('previous_on', var('lifecycle_lapsed_days')) }} as was_lapsed_on,
        {{ days_after('ordered_on', var('lifecycle_at_risk_days')) }} as at_risk_on,
        {{ days_after('ordered_on', var('lifecycle_lapsed_days')) }} as lapsed_on
    from order_days
),

starts as (
    select
        known.one_id,
        known.known_on as from_on,
        'prospect' as state
    from known
    left join first_orders on known.one_id = first_orders.one_id
    where first_orders.first_on is null or known.known_on < first_orders.first_on
    union all
    select
        one_id,
        ordered_on as from_on,
        case when previous_on is null then 'new' else 'won_back' end as state
    from paced
    where previous_on is null or was_lapsed_on < ordered_on
    union all
    select
        one_id,
        case
            when previous_on is null then {{ days_after('ordered_on', var('lifecycle_new_days')) }}
            else {{ days_after('ordered_on', var('lifecycle_won_back_days')) }}
        end as from_on,
        'active' as state
    from paced
    where previous_on is null or was_lapsed_on < ordered_on
    union all
    select
        one_id,
        ordered_on as from_on,
        'active' as state
    from paced
    where was_at_risk_on < ordered_on and ordered_on <= was_lapsed_on
    union all
    select
        one_id,
        at_risk_on as from_on,
        'at_risk' as state
    from paced
    where next_on is null or at_risk_on < next_on
    union all
    select
        one_id,
        lapsed_on as from_on,
        'lapsed' as state
    from paced
    where next_on is null or lapsed_on < next_on
),

fct_lifecycle_spells as (
    select
        one_id,
        state,
        from_on,
        lag(state, 1, 'unknown') over (partition by one_id order by from_on) as state_before,
        lead(from_on) over (partition by one_id order by from_on) as until_on
    from starts
    where from_on is not null
)

select * from fct_lifecycle_spells
