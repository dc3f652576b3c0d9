-- Grain: one order whose path is to be told again: it changed, or something its person did. Empty when the marts are
-- built anew.
with

orders as (select * from {{ ref('fct_orders') }}),

changed as (
    select order_key from {{ ref('int_changed__orders') }}
    union
    select order_key from orders
    where one_id in (select people.one_id from {{ ref('int_changed__customers') }} as people)
)

select order_key from changed
where {{ is_delta() }}
