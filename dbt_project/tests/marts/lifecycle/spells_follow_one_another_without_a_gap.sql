-- A person is in one state on every day from the first they are known, and in another one than before each change.
with

spells as (
    select
        *,
        lead(from_on) over (partition by one_id order by from_on) as next_from_on,
        lag(state, 1, 'unknown') over (partition by one_id order by from_on) as previous_state
    from {{ ref('fct_lifecycle_spells') }}
)

select
    one_id,
    from_on
from spells
where
    until_on is distinct from next_from_on
    or until_on <= from_on
    or state_before <> previous_state
    or state_before = state
