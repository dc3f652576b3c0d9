-- What waits to be paid is no order yet, whatever its platform calls it.
select unpaid.order_key
from {{ ref('fct_unpaid_orders') }} as unpaid
inner join {{ ref('fct_orders') }} as orders on unpaid.order_key = orders.order_key
