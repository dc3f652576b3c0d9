-- Or its orders would be in no stage of the funnel.
select distinct orders.channel
from {{ ref('fct_orders') }} as orders
left join {{ ref('touchpoint_kinds') }} as kinds
    on
        orders.channel = kinds.channel
        and kinds.touchpoint_type = 'order'
where
    kinds.stage is null
    or kinds.stage <> 'action'
