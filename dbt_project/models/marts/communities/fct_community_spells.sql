-- Grain: one member of one group and one spell [from_on, until_on) in one state. What follows if they do nothing
-- more is in it too: spells begin on days to come. Cut it at your date.
{{ config(materialized='kept', key='member_key', scope='int_changed__members', indexes=[{'columns': ['member_key']}]) }}
-- The higher state wins, so they stand from the lowest to the highest.
{% set states = ['reachable', 'interacting', 'trading'] %}

with

members as (
    select * from {{ ref('int_community_members') }}
    {{ where_changed('member_key', ref('int_changed__members')) }}
),

accounts as (select * from {{ ref('bridge_account_customer') }}),

touchpoints as (
    select * from {{ ref('fct_touchpoints') }}
    {{ where_changed('one_id', ref('int_changed__members')) }}
),

kinds as (select * from {{ ref('touchpoint_kinds') }}),

placed as (
    select
        members.*,
        accounts.one_id
    from members
    left join accounts on members.account_key = accounts.account_key
),

-- Nobody tells who says what in a group, so what the person does anywhere since they joined is their sign of life.
acts as (
    select distinct
        placed.member_key,
        touchpoints.occurred_on as acted_on,
        case when kinds.stage = 'action' then 'trading' else 'interacting' end as state
    from placed
    inner join touchpoints
        on placed.one_id = touchpoints.one_id and placed.joined_on <= touchpoints.occurred_on
    inner join kinds
        on {{ is_of_kind('touchpoints', 'kinds') }}
    where
        kinds.stage = 'action'
        or (
            kinds.stage in {{ sql_list(var('communities_interacting_stages')) }}
            and touchpoints.touchpoint_type not in {{ sql_list(var('communities_joining_types')) }}
        )
),

spans as (
    select
        member_key,
        state,
        acted_on as from_on,
        case state
            when 'trading' then {{ days_after('acted_on', var('communities_trading_days')) }}
            else {{ days_after('acted_on', var('communities_interacting_days')) }}
        end as until_on
    from acts
    union all
    select
        member_key,
        'reachable' as state,
        acted_on as from_on,
        {{ days_after('acted_on', var('communities_silent_days')) }} as until_on
    from acts
    union all
    select
        member_key,
        'reachable' as state,
        joined_on as from_on,
        {{ days_after('joined_on', var('communities_silent_days')) }} as until_on
    from placed
),

steps as (
    select
        member_key,
        state,
        from_on as changed_on,
        1 as step
    from spans
    union all
    select
        member_key,
        state,
        until_on as changed_on,
        -1 as step
    from spans
    union all
    select
        member_key,
        'departed' as state,
        left_on as changed_on,
        1 as step
    from placed
    where left_on is not null
),

changes as (
    select
        member_key,
        changed_on,
        {% for state in states %}
            sum(case when state = '{{ state }}' then step else 0 end) as {{ state }},
        {% endfor %}
        sum(case when state = 'departed' then step else 0 end) as departed
    from steps
    group by member_key, changed_on
),

standing as (
    select
        member_key,
        changed_on,
        {% for state in states %}
            sum({{ state }}) over (partition by member_key order by changed_on) as {{ state }},
        {% endfor %}
        sum(departed) over (partition by member_key order by changed_on) as departed
    from changes
),

told as (
    select
        member_key,
        changed_on,
        case
            when departed > 0 then 'departed'
            {% for state in states | reverse %}
                when {{ state }} > 0 then '{{ state }}'
            {% endfor %}
            else 'silent'
        end as state
    from standing
),

compared as (
    select
        *,
        lag(state, 1, 'new') over (partition by member_key order by changed_on) as state_before
    from told
),

fct_community_spells as (
    select
        compared.member_key,
        placed.group_key,
        placed.account_key,
        placed.one_id,
        compared.state,
        compared.state_before,
        compared.changed_on as from_on,
        lead(compared.changed_on) over (
            partition by compared.member_key order by compared.changed_on
        ) as until_on
    from compared
    inner join placed on compared.member_key = placed.member_key
    where compared.state <> compared.state_before
)

select * from fct_community_spells
