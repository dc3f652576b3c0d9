-- Grain: one person and one spell [from_on, until_on) during which they bear one AIPL label. What follows from what is
-- known tonight if nothing else happens is in it too: labels end on days to come. Cut it at your date.
{{ config(materialized='kept', key='one_id', scope='int_changed__customers') }}
{% set labels = ['awareness', 'interest', 'purchase', 'loyalty'] %}

with

touchpoints as (select * from {{ ref('int_changed__histories') }}),

days as (
    select distinct
        touchpoints.one_id,
        touchpoints.occurred_on as acted_on,
        case touchpoints.stage
            when 'attention' then 'awareness'
            when 'action' then 'purchase'
            when 'share' then 'loyalty'
            else 'interest'
        end as label
    from touchpoints
    where touchpoints.stage <> 'none'
),

-- Who bought on so many days within the window is loyal until the first of them is too long ago.
purchases as (
    select
        one_id,
        acted_on,
        lag(acted_on, {{ var('aipl_loyalty_orders') - 1 }}) over (
            partition by one_id order by acted_on
        ) as first_of_series_on
    from days
    where label = 'purchase'
),

spans as (
    select
        one_id,
        label,
        acted_on as from_on,
        case label
            {% for label in labels %}
                when '{{ label }}' then {{ days_after('acted_on', var('aipl_' ~ label ~ '_days')) }}
            {% endfor %}
        end as until_on
    from days
    union all
    select
        one_id,
        'loyalty' as label,
        acted_on as from_on,
        {{ days_after('first_of_series_on', var('aipl_loyalty_days')) }} as until_on
    from purchases
    where acted_on < {{ days_after('first_of_series_on', var('aipl_loyalty_days')) }}
),

steps as (
    select
        one_id,
        label,
        from_on as changed_on,
        1 as step
    from spans
    union all
    select
        one_id,
        label,
        until_on as changed_on,
        -1 as step
    from spans
),

changes as (
    select
        one_id,
        changed_on
        {% for label in labels %}
            ,
            sum(case when label = '{{ label }}' then step else 0 end) as {{ label }}
        {% endfor %}
    from steps
    group by one_id, changed_on
),

standing as (
    select
        one_id,
        changed_on
        {% for label in labels %}
            ,
            sum({{ label }}) over (partition by one_id order by changed_on) as {{ label }}
        {% endfor %}
    from changes
),

-- The highest label a person has reasons for is theirs.
labelled as (
    select
        one_id,
        changed_on,
        case
            {% for label in labels | reverse %}
                when {{ label }} > 0 then '{{ label }}'
            {% endfor %}
            else 'lost'
        end as label
    from standing
),

compared as (
    select
        *,
        lag(label, 1, 'new') over (partition by one_id order by changed_on) as label_before
    from labelled
),

fct_aipl_spells as (
    select
        one_id,
        label,
        label_before,
        changed_on as from_on,
        lead(changed_on) over (partition by one_id order by changed_on) as until_on
    from compared
    where label <> label_before
)

select * from fct_aipl_spells
