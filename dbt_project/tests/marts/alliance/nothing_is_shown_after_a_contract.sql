with

overlap as (select * from {{ ref('fct_alliance_overlap') }}),

contracts as (select * from {{ ref('alliance_contracts') }})

select overlap.contract
from overlap
left join contracts
    on
        overlap.contract = contracts.contract
        and contracts.starts_on <= {{ business_date() }}
        and contracts.ends_on > {{ business_date() }}
where contracts.contract is null
