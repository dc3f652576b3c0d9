select one_id
from {{ ref('mart_repurchase_due') }}
where
    {{ days_between('last_order_on', 'expected_next_on') }} is distinct from typical_interval_days
    or {{ days_between('expected_next_on', business_date()) }} is distinct from overdue_days
    or overdue_days not between -{{ var('repurchase_ahead_days') }} and {{ var('repurchase_overdue_days') }}
