-- Grain: one order whose path is to be told again: it changed, or something its person did within the look-back before
-- it. Empty when the marts are built anew.
with

orders as (select * from {{ ref('fct_orders') }}),

touched as (
    select distinct
        one_id,
        occurred_on
    from {{ changes_of(ref('fct_touchpoints')) }} as touchpoints
    where one_id is not null
),

changed as (
    select order_key from {{ changes_of(ref('fct_orders')) }} as changed_orders
    union
    select orders.order_key
    from orders
    inner join touched
        on
            orders.one_id = touched.one_id
            and orders.ordered_on >= touched.occurred_on
            and orders.ordered_on <= {{ days_after('touched.occurred_on', var('attribution_lookback_days')) }}
)

select order_key from changed
where {{ is_delta() }}
