-- Grain: one order to be credited again: its path changed, or it has several channels and its month weighs them
-- otherwise. Empty when the marts are built anew.
with

paths as (select * from {{ ref('int_attribution__paths') }}),

months as (
    select learned_in
    from {{ changes_of(ref('int_attribution__removal')) }} as removal
    group by learned_in, channel, weight
    having sum(sign) <> 0
),

changed as (
    select order_key from {{ ref('int_changed__paths') }}
    union
    select paths.order_key
    from months
    inner join paths
        on
            months.learned_in <= paths.ordered_on
            and paths.ordered_on < months.learned_in + interval '1 month'
    where paths.channels_count > 1
)

select order_key from changed
where {{ is_delta() }}
