-- Grain: one order whose path is to be told again: it changed, or something its person did. Empty when the marts are
-- built anew.
with

orders as (select * from {{ ref('fct_orders') }}),

changed as (
    select order_key from {{ ref('int_changed__orders') }}
    union
    -- A path looks back, so an order before the first change keeps its own.
    select orders.order_key
    from orders
    inner join {{ ref('int_changed__customers') }} as people
        on
            orders.one_id = people.one_id
            and orders.ordered_on >= people.since_on
)

select order_key from changed
where {{ is_delta() }}
