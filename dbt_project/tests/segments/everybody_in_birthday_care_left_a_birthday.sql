select birthdays.one_id
from {{ ref('seg_birthday_care') }} as birthdays
left join {{ ref('dim_customers') }} as customers on birthdays.one_id = customers.one_id
where coalesce(customers.birthday_mmdd, customers.lunar_birthday_mmdd) is null
