-- On every day everybody who is known by then is in one state: those of the last day are the customers, of each state
-- those whose state it is.
with

days as (
    select
        *,
        lag(closing, 1, cast(0 as bigint)) over (partition by state order by lifecycle_on) as closing_before
    from {{ ref('fct_lifecycle_daily') }}
),

known as (
    select
        least(first_seen_on, first_order_on) as known_on,
        count(*) as people
    from {{ ref('dim_customers') }}
    group by least(first_seen_on, first_order_on)
),

known_so_far as (
    select
        lifecycles.lifecycle_on,
        lifecycles.people,
        coalesce(sum(known.people), 0) as known_people
    from (
        select
            lifecycle_on,
            sum(closing) as people
        from days
        where lifecycle_on = {{ business_date() }}
        group by lifecycle_on
    ) as lifecycles
    left join known on lifecycles.lifecycle_on >= known.known_on
    group by lifecycles.lifecycle_on, lifecycles.people
),

states as (
    select
        state,
        count(*) as people
    from {{ ref('dim_customer_lifecycle') }}
    where state_since_on is not null
    group by state
)

select
    days.lifecycle_on,
    days.state
from days
left join states on days.state = states.state
where
    days.opening + days.people_in - days.people_out <> days.closing
    or days.opening <> days.closing_before
    or days.opening < 0
    or (days.lifecycle_on = {{ business_date() }} and days.closing <> coalesce(states.people, 0))
union all
select
    lifecycle_on,
    'all' as state
from known_so_far
where people <> known_people
