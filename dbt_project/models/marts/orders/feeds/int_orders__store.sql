-- Grain: one store receipt with a sale; and a return whose sale is unknown, on its own. A gift makes no order.
with

receipts as (select * from {{ ref('int_receipts__store') }}),

kept_returns as (
    select distinct order_key from {{ ref('int_refunds__store') }}
),

orders as (
    select
        cast(null as bigint) as record_id,
        receipts.receipt_no as order_no,
        receipts.brand as scope,
        'store' as channel,
        receipts.brand as shop,
        receipts.sold_at as ordered_at,
        receipts.store_code,
        receipts.guide_id as staff_code,
        cast(null as text) as live_room_key,
        cast(null as text) as creator_key,
        cast(null as text) as province,
        cast(null as text) as city,
        'store' as fulfilment,
        receipts.gross_fen,
        receipts.is_paid,
        'store|' || receipts.store_code || '|' || receipts.receipt_no as order_key,
        case when receipts.member_card is null then 'store_receipt' else 'store_member' end as account_type,
        coalesce(receipts.member_card, receipts.store_code || '|' || receipts.receipt_no) as account_id
    from receipts
    where
        receipts.is_paid
        or 'store|' || receipts.store_code || '|' || receipts.receipt_no
        in (select kept_returns.order_key from kept_returns)
)

select * from orders
