-- Grain: one day, also to come, and one change of state, with how many people make it.
{{ config(materialized='tally', key=['moved_on', 'from_state', 'to_state'], count='people') }}

with

spells as (select * from {{ changes_of(ref('fct_lifecycle_spells')) }} as changes),

int_lifecycle_moves as (
    select
        from_on as moved_on,
        state_before as from_state,
        state as to_state,
        cast(sum(sign) as bigint) as people
    from spells
    group by from_on, state_before, state
)

select * from int_lifecycle_moves
