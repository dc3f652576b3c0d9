with

flows as (select * from {{ ref('fct_aipl_flows') }}),

sides as (
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
    where from_label <> 'new'
),

told as (
    select
        flow_on,
        label,
        sum(people_in) as people_in,
        sum(people_out) as people_out
    from sides
    group by flow_on, label
),

days as (
    select * from {{ ref('fct_aipl_daily') }}
    where people_in > 0 or people_out > 0
)

select
    coalesce(days.aipl_on, told.flow_on) as aipl_on,
    coalesce(days.label, told.label) as label
from days
full outer join told on days.aipl_on = told.flow_on and days.label = told.label
where
    days.people_in is distinct from told.people_in
    or days.people_out is distinct from told.people_out
