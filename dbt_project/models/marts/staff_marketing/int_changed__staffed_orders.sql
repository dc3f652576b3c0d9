-- Grain: one order whose credits to staff are to be told anew: it changed, or who looks after its buyer. Empty when the
-- marts are built anew.
with

relations as (select * from {{ changes_of(ref('fct_staff_relations')) }} as changes),

changed as (
    select order_key from {{ changes_of(ref('fct_orders')) }} as orders
    union
    select order_key from {{ ref('fct_orders') }}
    where one_id in (select relations.one_id from relations)
)

select order_key from changed
where {{ is_delta() }}
