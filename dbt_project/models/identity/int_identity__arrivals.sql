-- Grain: one row per account: the night on which it was first landed, and since when it was known to that night.
-- They decide who is older, and with it whose One-ID stays: what we knew first is not renamed by what we learn later,
-- however old the days are of which a new source or a late trade tells.

with sightings as (
    select * from {{ ref('int_identity__sightings') }}
),

nights as (
    select
        *,
        min(landed_on) over (partition by account_type, scope, account_id) as arrived_on
    from sightings
),

arrivals as (
    select
        account_type,
        scope,
        account_id,
        arrived_on as landed_on,
        min(seen_at) as known_since
    from nights
    where landed_on = arrived_on
    group by account_type, scope, account_id, arrived_on
)

select * from arrivals
