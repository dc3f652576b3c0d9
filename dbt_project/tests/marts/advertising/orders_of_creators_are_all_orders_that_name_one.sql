with

told as (
    select count(*) as orders
    from {{ ref('fct_orders') }}
    where creator_key is not null
),

of_creators as (
    select count(*) as orders
    from {{ ref('fct_orders') }} as orders
    inner join {{ ref('dim_creators') }} as creators on orders.creator_key = creators.creator_key
)

select
    told.orders as orders_told,
    of_creators.orders
from told
cross join of_creators
where told.orders <> of_creators.orders
