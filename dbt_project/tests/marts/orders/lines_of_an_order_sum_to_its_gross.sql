with

lines_by_order as (
    select
        order_key,
        sum(gross_fen) as gross_fen
    from {{ ref('fct_order_lines') }}
    group by order_key
)

select
    orders.order_key,
    orders.gross_fen,
    lines_by_order.gross_fen as gross_fen_of_lines
from {{ ref('fct_orders') }} as orders
inner join lines_by_order on orders.order_key = lines_by_order.order_key
where orders.gross_fen <> lines_by_order.gross_fen
