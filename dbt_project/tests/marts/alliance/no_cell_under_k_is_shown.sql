select
    contract,
    partner_segment,
    state
from {{ ref('fct_alliance_overlap') }}
where
    k < {{ var('alliance_minimum_k') }}
    or (is_withheld and people is not null)
    or (not is_withheld and coalesce(people, 0) < k)
