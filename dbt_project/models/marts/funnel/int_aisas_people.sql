-- Grain: one known person who touched the brand on one day, channel, campaign and product, and one AISAS stage that
-- they reached there or from there.
{{ config(
    materialized='kept', key='one_id', scope='int_changed__customers', since='funnel_on', days=var('aisas_window_days'),
) }}
{% set stages = var('aisas_stages') %}
{% set strict = var('aisas_strict_stages') %}
{% set window = "interval '" ~ var('aisas_window_days') ~ " days'" %}

with

touchpoints as (
    select touchpoints.* from {{ ref('int_changed__histories') }} as touchpoints
    {{ where_changed_since(
        'touchpoints', 'one_id', 'occurred_on', ref('int_changed__customers'), var('aisas_window_days')
    ) }}
),

acts as (
    select
        touchpoints.one_id,
        touchpoints.touchpoint_key,
        touchpoints.occurred_at,
        touchpoints.occurred_on,
        touchpoints.channel,
        coalesce(touchpoints.campaign_key, '') as campaign_key,
        coalesce(touchpoints.product_key, '') as product_key,
        touchpoints.stage,
        -- At the very same second the later stage comes later.
        case touchpoints.stage
            {% for stage in stages %}
                when '{{ stage }}' then {{ loop.index }}
            {% endfor %}
        end as stage_no
    from touchpoints
    where touchpoints.stage <> 'none'
),

-- In any order: when each stage is next reached, the act itself included.
reaching as (
    select
        *
        {% for stage in stages %}
            ,
            min(case when stage = '{{ stage }}' then occurred_at end) over (
                partition by one_id
                order by occurred_at desc, stage_no desc, touchpoint_key desc
                rows between unbounded preceding and current row
            ) as {{ stage }}_at
        {% endfor %}
    from acts
),

-- In strict order, from the end: where a chain gets that goes on, after this act, with the first of the given stage.
-- The first one to come gets every later stage soonest, so the least of all that follow is its.
{% for at in range(strict | length - 1, 0, -1) %}
    {% set stage = strict[at] %}
    from_{{ stage }} as (
        select
            *
            {% for later in strict[at:] %}
                ,
                min(
                    case
                        when stage = '{{ stage }}'
                            then {{ 'occurred_at' if loop.first else strict[at + 1] ~ '_to_' ~ later ~ '_at' }}
                    end
                ) over (
                    partition by one_id
                    order by occurred_at desc, stage_no desc, touchpoint_key desc
                    rows between unbounded preceding and 1 preceding
                ) as {{ stage }}_to_{{ later }}_at
            {% endfor %}
        from {{ 'reaching' if loop.first else 'from_' ~ strict[at + 1] }}
    ),

{% endfor %}
entries as (
    select
        one_id,
        occurred_on as funnel_on,
        channel,
        campaign_key,
        product_key,
        min(occurred_at) + {{ window }} as ends_at,
        {% for stage in stages %}
            max(case when stage = '{{ stage }}' then 1 else 0 end) as has_{{ stage }},
            min({{ stage }}_at) as {{ stage }}_at,
        {% endfor %}
        {% for stage in strict[1:] %}
            min(
                case when stage = '{{ strict[0] }}' then {{ strict[1] }}_to_{{ stage }}_at end
            ) as strict_{{ stage }}_at,
        {% endfor %}
        min(case when stage = '{{ strict[0] }}' then occurred_at end) as strict_{{ strict[0] }}_at
    from from_{{ strict[1] }}
    group by one_id, occurred_on, channel, campaign_key, product_key
),

reached as (
    {% for stage in stages %}
        {% set place = strict.index(stage) if stage in strict else -1 %}
        select
            one_id,
            funnel_on,
            channel,
            campaign_key,
            product_key,
            '{{ stage }}' as stage,
            has_{{ stage }} as is_here,
            {% if place >= 0 %}
                case when strict_{{ stage }}_at < ends_at then 1 else 0 end as is_in_order,
            {% else %}
                0 as is_in_order,
            {% endif %}
            {% if place > 0 %}
                case
                    when strict_{{ stage }}_at < ends_at
                        then {{ hours_between('strict_' ~ strict[place - 1] ~ '_at', 'strict_' ~ stage ~ '_at') }}
                end as waited_hours
            {% else %}
                cast(null as numeric) as waited_hours
            {% endif %}
        from entries
        where {{ stage }}_at < ends_at
        {% if not loop.last %}union all{% endif %}
    {% endfor %}
),

int_aisas_people as (
    select
        one_id,
        funnel_on,
        channel,
        campaign_key,
        product_key,
        stage,
        is_here,
        is_in_order,
        -- A wait is told by the shortest of the declared times that it did not exceed.
        case
            {% for hours in var('aisas_wait_hours') %}
                when waited_hours <= {{ hours }} then {{ hours }}
            {% endfor %}
            when waited_hours is not null then {{ var('aisas_window_days') * 24 }}
        end as wait_hours
    from reached
)

select * from int_aisas_people
