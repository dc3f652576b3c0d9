with

of_customers as (
    select
        coalesce(sum(net_revenue_fen), 0) as net_fen,
        coalesce(sum(orders_count), 0) as orders_count
    from {{ ref('dim_customers') }}
),

of_orders as (
    select
        coalesce(sum(net_fen), 0) as net_fen,
        coalesce(sum(case when is_paid then 1 else 0 end), 0) as orders_count
    from {{ ref('fct_orders') }}
    where one_id is not null
)

select
    of_customers.net_fen,
    of_orders.net_fen as net_fen_of_orders
from of_customers
cross join of_orders
where
    of_customers.net_fen <> of_orders.net_fen
    or of_customers.orders_count <> of_orders.orders_count
