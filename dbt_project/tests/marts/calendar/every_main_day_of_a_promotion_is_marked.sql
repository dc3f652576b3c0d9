-- Two promotions may share it (Mid-Autumn and the National Day of 2020), and then it is one of theirs.
select
    promotions.promotion,
    promotions.main_on
from {{ ref('promotion_calendar') }} as promotions
inner join {{ ref('dim_date') }} as dates on promotions.main_on = dates.date_on
where not dates.is_promotion_day
