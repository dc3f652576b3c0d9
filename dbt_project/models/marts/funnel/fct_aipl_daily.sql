-- Grain: one day, from the first touchpoint of a known person to the business date, and one AIPL label.
with

flows as (select * from {{ ref('fct_aipl_flows') }}),

days as (
    select every_day.day as aipl_on
    from {{ every_day('(select min(flow_on) from ' ~ ref('fct_aipl_flows') ~ ')', business_date()) }} as every_day
),

labels as (
    {% for label in ['awareness', 'interest', 'purchase', 'loyalty', 'lost'] %}
        select '{{ label }}' as label
        {% if not loop.last %}union all{% endif %}
    {% endfor %}
),

moves as (
    select
        flow_on,
        to_label as label,
        people as people_in,
        0 as people_out
    from flows
    union all
    select
        flow_on,
        from_label as label,
        0 as people_in,
        people as people_out
    from flows
),

moved as (
    select
        flow_on,
        label,
        sum(people_in) as people_in,
        sum(people_out) as people_out
    from moves
    group by flow_on, label
),

filled as (
    select
        days.aipl_on,
        labels.label,
        coalesce(moved.people_in, 0) as people_in,
        coalesce(moved.people_out, 0) as people_out
    from days
    cross join labels
    left join moved on days.aipl_on = moved.flow_on and labels.label = moved.label
),

fct_aipl_daily as (
    select
        aipl_on,
        label,
        cast(
            coalesce(
                sum(people_in - people_out) over (
                    partition by label order by aipl_on rows between unbounded preceding and 1 preceding
                ), 0
            ) as bigint
        ) as opening,
        cast(people_in as bigint) as people_in,
        cast(people_out as bigint) as people_out,
        cast(sum(people_in - people_out) over (partition by label order by aipl_on) as bigint) as closing
    from filled
)

select * from fct_aipl_daily
