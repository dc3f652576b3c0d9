select count(*) as days_count
from {{ ref('dim_date') }}
having
    count(*) <> {{ days_between('min(date_on)', 'max(date_on)') }} + 1
    or max(date_on) <> {{ days_after(business_date(), var('dates_ahead_days')) }}
