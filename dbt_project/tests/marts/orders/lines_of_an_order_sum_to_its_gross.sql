-- What was paid for an order is shared out over its lines to the fen. An order may come without lines.
with

orders as (select * from {{ ref('fct_orders') }}),

lines as (
    select
        order_key,
        sum(gross_fen) as gross_fen
    from {{ ref('fct_order_lines') }}
    group by order_key
)

select
    orders.order_key,
    orders.gross_fen,
    lines.gross_fen as gross_of_lines_fen
from orders
inner join lines on orders.order_key = lines.order_key
where orders.gross_fen <> lines.gross_fen
