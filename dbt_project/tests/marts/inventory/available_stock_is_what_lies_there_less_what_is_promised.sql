-- And all locations together have what was counted.
with

counted as (
    select
        counted_on,
        sum(on_hand) as on_hand,
        sum(on_hand - coalesce(reserved, 0)) as available
    from {{ ref('stg_inventory__stock') }}
    group by counted_on
),

kept as (
    select
        counted_on,
        sum(on_hand) as on_hand,
        sum(available) as available
    from {{ ref('fct_inventory') }}
    group by counted_on
)

select coalesce(counted.counted_on, kept.counted_on) as counted_on
from counted
full outer join kept on counted.counted_on = kept.counted_on
where
    counted.on_hand is distinct from kept.on_hand
    or counted.available is distinct from kept.available
