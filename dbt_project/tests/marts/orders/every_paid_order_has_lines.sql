-- What was bought is not known of an order without lines: its money is in no product's figures.
{{ config(severity='warn') }}

select orders.order_key
from {{ ref('fct_orders') }} as orders
left join {{ ref('fct_order_lines') }} as order_lines on orders.order_key = order_lines.order_key
where
    orders.is_paid
    and order_lines.order_key is null
