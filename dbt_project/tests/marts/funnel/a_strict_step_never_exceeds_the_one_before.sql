-- In order is fewer than before, and fewer than in any order; who was here is among those who were at the stage at all.
{% set strict = var('aisas_strict_stages') %}

with

funnel as (
    select
        funnel_on,
        channel,
        campaign_key,
        product_key
        {% for stage in strict %}
            ,
            sum(case when stage = '{{ stage }}' then people_in_order else 0 end) as {{ stage }}
        {% endfor %},
        max(people_in_order - people_any_order) as beyond_any_order,
        max(people - people_any_order) as beyond_here
    from {{ ref('fct_aisas_daily') }}
    group by funnel_on, channel, campaign_key, product_key
)

select * from funnel
where
    beyond_any_order > 0
    or beyond_here > 0
    {% for stage in strict[1:] %}
        or {{ stage }} > {{ strict[loop.index0] }}
    {% endfor %}
