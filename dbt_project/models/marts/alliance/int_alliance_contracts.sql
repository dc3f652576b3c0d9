-- Grain: one contract that is in force on the business date.
select
    contract,
    partner,
    ends_on,
    greatest(k, {{ var('alliance_minimum_k') }}) as k
from {{ ref('alliance_contracts') }}
where
    starts_on <= {{ business_date() }}
    and ends_on > {{ business_date() }}
