-- Grain: one known person on one day, channel and phase of the chain, and whether they went on to the next phase.
{{ config(
    materialized='kept', key='one_id', scope='int_changed__customers', since='chain_on', days=var('chain_window_days'),
) }}
{% set phases = ['front', 'middle', 'back'] %}

with

touchpoints as (
    select touchpoints.* from {{ ref('int_changed__histories') }} as touchpoints
    {{ where_changed_since(
        'touchpoints', 'one_id', 'occurred_on', ref('int_changed__customers'), var('chain_window_days')
    ) }}
),

acts as (
    select
        touchpoints.one_id,
        touchpoints.touchpoint_key,
        touchpoints.occurred_at,
        touchpoints.occurred_on,
        touchpoints.channel,
        coalesce(touchpoints.phase, 'unknown') as phase,
        case touchpoints.phase
            {% for phase in phases %}
                when '{{ phase }}' then {{ loop.index }}
            {% endfor %}
            else 0
        end as phase_no
    from touchpoints
),

-- At the very same second the later phase comes later.
followed as (
    select
        *
        {% for phase in phases[1:] %}
            ,
            min(case when phase = '{{ phase }}' then occurred_at end) over (
                partition by one_id
                order by occurred_at desc, phase_no desc, touchpoint_key desc
                rows between unbounded preceding and 1 preceding
            ) as {{ phase }}_at
        {% endfor %}
    from acts
),

int_chain_people as (
    select
        one_id,
        occurred_on as chain_on,
        channel,
        phase,
        max(
            case
                when
                    case phase
                        {% for phase in phases[1:] %}
                            when '{{ phases[loop.index0] }}' then {{ phase }}_at
                        {% endfor %}
                    end < occurred_at + interval '{{ var("chain_window_days") }} days'
                    then 1
                else 0
            end
        ) as goes_on
    from followed
    group by one_id, occurred_on, channel, phase
)

select * from int_chain_people
