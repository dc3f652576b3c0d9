select orders.order_key
from {{ ref('fct_orders') }} as orders
left join {{ ref('fct_attribution') }} as credits on orders.order_key = credits.order_key
group by orders.order_key
having count(distinct credits.model) <> 7
