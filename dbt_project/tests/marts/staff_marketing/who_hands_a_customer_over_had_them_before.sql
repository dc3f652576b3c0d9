with

relations as (select * from {{ ref('fct_staff_relations') }})

select
    heirs.account_key,
    heirs.staff_code
from relations as heirs
left join relations as former
    on
        heirs.account_key = former.account_key
        and heirs.inherited_from = former.staff_code
where
    heirs.inherited_from is not null
    and (
        former.ended_on is null
        or former.started_at >= heirs.started_at
        or former.origin_staff_code <> heirs.origin_staff_code
    )
