-- Grain: one day, from the first known person to the business date, and one state of the lifecycle.
with

moves as (
    select * from {{ ref('int_lifecycle_moves') }}
    where moved_on <= {{ business_date() }}
),

days as (
    select every_day.day as lifecycle_on
    from {{ every_day('(select min(moved_on) from ' ~ ref('int_lifecycle_moves') ~ ')', business_date()) }} as every_day
),

states as (
    {% for state in ['prospect', 'new', 'active', 'at_risk', 'lapsed', 'won_back'] %}
        select '{{ state }}' as state
        {% if not loop.last %}union all{% endif %}
    {% endfor %}
),

sides as (
    select
        moved_on,
        to_state as state,
        people as people_in,
        0 as people_out
    from moves
    union all
    select
        moved_on,
        from_state as state,
        0 as people_in,
        people as people_out
    from moves
),

moved as (
    select
        moved_on,
        state,
        sum(people_in) as people_in,
        sum(people_out) as people_out
    from sides
    group by moved_on, state
),

filled as (
    select
        days.lifecycle_on,
        states.state,
        coalesce(moved.people_in, 0) as people_in,
        coalesce(moved.people_out, 0) as people_out
    from days
    cross join states
    left join moved on days.lifecycle_on = moved.moved_on and states.state = moved.state
),

fct_lifecycle_daily as (
    select
        lifecycle_on,
        state,
        cast(
            coalesce(
                sum(people_in - people_out) over (
                    partition by state order by lifecycle_on rows between unbounded preceding and 1 preceding
                ), 0
            ) as bigint
        ) as opening,
        cast(people_in as bigint) as people_in,
        cast(people_out as bigint) as people_out,
        cast(sum(people_in - people_out) over (partition by state order by lifecycle_on) as bigint) as closing
    from filled
)

select * from fct_lifecycle_daily
