with

by_store as (
    select
        store_code,
        sum(orders_count) as orders_count,
        sum(gross_fen) as gross_fen,
        sum(net_fen) as net_fen
    from {{ ref('fct_store_orders_daily') }}
    group by store_code
),

orders as (
    select
        store_code,
        count(*) as orders_count,
        sum(gross_fen) as gross_fen,
        sum(net_fen) as net_fen
    from {{ ref('fct_orders') }}
    where is_paid and store_code is not null
    group by store_code
)

select coalesce(by_store.store_code, orders.store_code) as store_code
from by_store
full outer join orders on by_store.store_code = orders.store_code
where
    coalesce(by_store.orders_count, 0) <> coalesce(orders.orders_count, 0)
    or coalesce(by_store.gross_fen, 0) <> coalesce(orders.gross_fen, 0)
    or coalesce(by_store.net_fen, 0) <> coalesce(orders.net_fen, 0)
