select fans.one_id
from {{ ref('seg_new_fan_no_purchase') }} as fans
inner join {{ ref('fct_orders') }} as orders on fans.one_id = orders.one_id
