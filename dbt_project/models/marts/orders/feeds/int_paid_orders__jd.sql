-- Grain: one JD order that was paid, or delivered for cash. An order that was split is told again by its parts, which
-- name it as their parent: the parts count.
with

orders as (
    select
        *,
        coalesce(paid_at, case when pay_type = '1' and state = 'FINISHED_L' then ended_at end) as counted_at
    from {{ ref('stg_jd__orders') }}
),

parents as (
    select distinct
        app,
        parent_order_id
    from orders
    where parent_order_id is not null
),

paid_orders as (
    select
        orders.*,
        'jd|' || orders.app || '|' || orders.order_id as order_key
    from orders
    left join parents
        on
            orders.app = parents.app
            and orders.order_id = parents.parent_order_id
    where
        orders.counted_at is not null
        and parents.parent_order_id is null
)

select * from paid_orders
