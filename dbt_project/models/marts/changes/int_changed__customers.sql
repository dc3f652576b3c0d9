-- Grain: one person of whom the marts have something to say anew: a fact of theirs changed, or who they are.
-- Empty when the marts are built anew.
with

people as (
    select one_id from {{ changes_of(ref('fct_orders')) }} as orders
    union
    select one_id from {{ changes_of(ref('fct_order_lines')) }} as order_lines
    union
    select one_id from {{ changes_of(ref('fct_touchpoints')) }} as touchpoints
    union
    select one_id_before from {{ ref('int_changed__accounts') }}
    union
    select one_id_now from {{ ref('int_changed__accounts') }}
)

select one_id from people
where
    one_id is not null
    and {{ is_delta() }}
