-- What was issued before our history began is unknown, so this warns.
{{ config(severity='warn') }}

select
    coupon_key,
    min(case when act = 'issued' then acted_at end) as issued_at,
    min(case when act = 'used' then acted_at end) as used_at
from {{ ref('fct_coupons') }}
group by coupon_key
having
    count(case when act = 'used' then 1 end) > 1
    or min(case when act = 'used' then acted_at end) < min(case when act = 'issued' then acted_at end)
