-- The spells of a person follow one another without a gap and without two at once; only the last may be open.
with

spells as (select * from {{ ref('fct_lifecycle_spells') }}),

followed as (
    select
        *,
        lead(from_on) over (partition by one_id order by from_on) as next_from_on
    from spells
)

select
    one_id,
    state,
    from_on,
    until_on,
    next_from_on
from followed
where
    until_on <= from_on
    or coalesce(until_on, date '9999-12-31') <> coalesce(next_from_on, until_on, date '9999-12-31')
