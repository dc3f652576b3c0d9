-- Grain: one JD order that was paid, or handed over for cash. An order that was split is told again by its parts, which
-- name it as their parent: the parts count.
with

orders as (
    select
        *,
        'jd|' || app || '|' || order_id as order_key,
        coalesce(paid_at, case when pay_type = '1' and state = 'FINISHED_L' then ended_at end) as counted_at
    from {{ ref('stg_jd__orders') }}
),

parents as (
    select distinct 'jd|' || app || '|' || parent_order_id as order_key
    from orders
    where parent_order_id is not null
),

paid_orders as (
    select
        record_id,
        app,
        order_id,
        order_key,
        open_id_buyer,
        vender_id,
        store_id,
        pay_type,
        state,
        payment_fen,
        counted_at,
        ended_at,
        modified_at
    from orders
    where
        counted_at is not null
        and order_key not in (select parents.order_key from parents)
)

select * from paid_orders
