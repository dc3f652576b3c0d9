-- Grain: one customer group and day on which customers joined or left it. Who came back counts from the newest joining;
-- who left does so on the night that found it.
{{ config(materialized='kept', key='record_id', scope='int_changed__records', indexes=[
    {'columns': ['record_id']},
]) }}

with

members as (
    select * from {{ ref('stg_wecom__group_members') }}
    {{ where_changed('record_id', ref('int_changed__records')) }}
),

spells as (
    select
        record_id,
        'wecom|' || corp_id || '|' || chat_id as group_key,
        coalesce({{ shanghai_date('joined_at') }}, first_landed_on) as joined_on,
        greatest(left_on, coalesce({{ shanghai_date('joined_at') }}, first_landed_on)) as left_on,
        is_member
    from members
    where member_type = 2
),

moves as (
    select
        record_id,
        group_key,
        joined_on as active_on,
        1 as joined,
        0 as departed
    from spells
    union all
    select
        record_id,
        group_key,
        left_on as active_on,
        0 as joined,
        1 as departed
    from spells
    where not is_member
),

days as (
    select
        record_id,
        group_key,
        active_on,
        sum(joined) as joined,
        sum(departed) as departed
    from moves
    group by record_id, group_key, active_on
),

fct_group_activity as (
    select
        group_key,
        active_on,
        cast(joined as bigint) as customers_joined,
        cast(departed as bigint) as customers_left,
        cast(sum(joined - departed) over (
            partition by group_key order by active_on rows unbounded preceding
        ) as bigint) as customers_at_end,
        record_id
    from days
)

select * from fct_group_activity
