-- However they are grouped, all touchpoints are there once.
{% set parts = ['domain', 'field', 'phase', 'stage'] %}

with

occurring as (select * from {{ ref('int_touchpoints_by_kind') }}),

kinds as (select * from {{ ref('dim_channels') }}),

grouped as (
    {% for part in parts %}
        select
            '{{ part }}' as part,
            kinds.{{ part }} as grouped_by,
            sum(occurring.touchpoints) as touchpoints,
            sum(occurring.quantity) as quantity
        from occurring
        inner join kinds
            on {{ is_of_kind('occurring', 'kinds') }}
        where kinds.{{ part }} is not null
        group by kinds.{{ part }}
        {% if not loop.last %}union all{% endif %}
    {% endfor %}
),

parts as (
    select
        part,
        sum(touchpoints) as touchpoints,
        sum(quantity) as quantity
    from grouped
    group by part
),

whole as (
    select
        count(*) as touchpoints,
        coalesce(sum(quantity), 0) as quantity
    from {{ ref('fct_touchpoints') }}
)

select
    parts.part,
    parts.touchpoints,
    whole.touchpoints as touchpoints_of_all
from parts
cross join whole
where
    parts.touchpoints <> whole.touchpoints
    or parts.quantity <> whole.quantity
