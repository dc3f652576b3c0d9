-- And it is one to which none in their reach is nearer.
select one_id
from {{ ref('bridge_store_catchment') }}
group by one_id
having
    count(case when is_nearest then 1 end) <> 1
    or min(case when is_nearest then distance_metres end) <> min(distance_metres)
