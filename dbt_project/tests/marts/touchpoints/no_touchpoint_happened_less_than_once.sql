select
    touchpoint_key,
    quantity
from {{ ref('fct_touchpoints') }}
where quantity < 1
