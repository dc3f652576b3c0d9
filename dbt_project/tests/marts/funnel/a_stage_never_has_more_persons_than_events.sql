select
    funnel_on,
    channel,
    stage
from {{ ref('fct_funnel_daily') }}
where not (
    events >= customers
    and customers >= buyers_within_30_days
    and buyers_within_30_days >= buyers_within_7_days
    and events > 0
)
