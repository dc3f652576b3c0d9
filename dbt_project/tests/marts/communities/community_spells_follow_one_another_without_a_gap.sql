-- A member is in one state on every day from the one they joined, and in another one than before each change.
with

spells as (
    select
        *,
        lead(from_on) over (partition by member_key order by from_on) as next_from_on,
        lag(state, 1, 'new') over (partition by member_key order by from_on) as previous_state
    from {{ ref('fct_community_spells') }}
)

select
    member_key,
    from_on
from spells
where
    until_on is distinct from next_from_on
    or until_on <= from_on
    or state_before <> previous_state
    or state_before = state
    or state_before = 'departed'
