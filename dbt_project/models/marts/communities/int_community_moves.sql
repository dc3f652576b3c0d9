-- Grain: one group, one day, also to come, and one change of state, with how many members make it.
{{ config(
    materialized='tally', key=['group_key', 'moved_on', 'from_state', 'to_state'], count='members_count',
    indexes=[{'columns': ['group_key', 'moved_on']}],
) }}

with

spells as (select * from {{ changes_of(ref('fct_community_spells')) }} as changes),

int_community_moves as (
    select
        group_key,
        from_on as moved_on,
        state_before as from_state,
        state as to_state,
        cast(sum(sign) as bigint) as members_count
    from spells
    group by group_key, from_on, state_before, state
)

select * from int_community_moves
