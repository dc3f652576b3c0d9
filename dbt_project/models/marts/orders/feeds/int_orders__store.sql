-- Grain: one store receipt with a sale; and a return whose sale is unknown, on its own. A gift makes no order.
with

receipts as (select * from {{ ref('int_receipts__store') }}),

kept_returns as (
    select distinct order_key from {{ ref('int_refunds__store') }}
),

orders as (
    select
        cast(null as bigint) as record_id,
        'store|' || receipts.store_code || '|' || receipts.receipt_no as order_key,
        receipts.receipt_no as order_no,
        case when receipts.member_card is null then 'store_receipt' else 'store_member' end as account_type,
        receipts.brand as scope,
        coalesce(receipts.member_card, receipts.store_code || '|' || receipts.receipt_no) as account_id,
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
        receipts.is_paid
    from receipts
    where
        receipts.is_paid
        or 'store|' || receipts.store_code || '|' || receipts.receipt_no in (select order_key from kept_returns)
)

select * from orders
