-- Everybody in a catchment is in one ring, and belongs to this store, to another one, to none or has not bought.
with

rings as (select * from {{ ref('mart_store_catchment') }}),

catchments as (
    select
        store_code,
        within_km,
        count(*) as people,
        count(case when distance_metres > within_km * 1000 then 1 end) as people_outside
    from {{ ref('bridge_store_catchment') }}
    group by store_code, within_km
)

select
    rings.store_code,
    rings.within_km
from rings
full outer join catchments on rings.store_code = catchments.store_code and rings.within_km = catchments.within_km
where
    coalesce(rings.people, 0) <> coalesce(catchments.people, 0)
    or catchments.people_outside > 0
    or rings.people
    <> rings.people_of_this_store + rings.people_of_another_store + rings.people_online_only + rings.people_not_yet
    or rings.people < rings.people_nearest_here
    or rings.people < rings.people_reachable
