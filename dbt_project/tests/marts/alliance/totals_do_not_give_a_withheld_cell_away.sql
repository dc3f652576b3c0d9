-- What is left of a total without the cells that are shown is nothing, or k people in two cells at least.
with

overlap as (select * from {{ ref('fct_alliance_overlap') }}),

totals as (
    select * from overlap
    where partner_segment = 'all'
),

cells as (
    select
        contract,
        sum(coalesce(people, 0)) as shown,
        count(case when is_withheld then 1 end) as withheld
    from overlap
    where partner_segment <> 'all'
    group by contract
)

select totals.contract
from totals
inner join cells on totals.contract = cells.contract
where
    not totals.is_withheld
    and (
        cells.withheld = 1
        or (cells.withheld = 0 and totals.people <> cells.shown)
        or (cells.withheld > 1 and totals.people - cells.shown < totals.k)
    )
