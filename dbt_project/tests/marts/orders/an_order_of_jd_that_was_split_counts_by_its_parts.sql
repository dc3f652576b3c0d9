select orders.order_key
from {{ ref('fct_orders') }} as orders
inner join {{ ref('stg_jd__orders') }} as parts
    on orders.order_key = 'jd|' || parts.app || '|' || parts.parent_order_id
