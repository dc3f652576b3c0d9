select due.one_id
from {{ ref('seg_repurchase_due') }} as due
inner join {{ ref('fct_orders') }} as orders on due.one_id = orders.one_id
where
    orders.is_paid
    and orders.ordered_on > {{ business_date() }} - 18
    and orders.ordered_on <= {{ business_date() }}
