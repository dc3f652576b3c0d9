with

ledger as (
    select coalesce(sum(delta), 0) as points
    from {{ ref('int_points__' ~ var('points_ledger')) }}
),

booked as (
    select coalesce(sum(delta), 0) as points
    from {{ ref('fct_points') }}
)

select
    ledger.points as points_of_the_ledger,
    booked.points
from ledger
cross join booked
where ledger.points <> booked.points
