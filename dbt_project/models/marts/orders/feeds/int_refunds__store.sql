-- Grain: one line that a store took back, against the receipt it names: in the same store, or in another one when the
-- same member card was shown, because receipt numbers repeat between stores. Else it stands on its own receipt.
with

receipt_lines as (select * from {{ ref('int_receipt_lines__store') }}),

sales as (
    select
        brand,
        store_code,
        receipt_no,
        member_card
    from {{ ref('int_receipts__store') }}
    where is_paid
),

sales_of_cards as (
    select
        brand,
        receipt_no,
        member_card,
        min(store_code) as store_code
    from sales
    where member_card is not null
    group by brand, receipt_no, member_card
    having count(*) = 1
),

returned_lines as (
    select
        receipt_lines.record_id,
        cast(null as text) as line_key,
        'store' as channel,
        receipt_lines.store_code,
        receipt_lines.sold_at as refunded_at,
        'store|' || receipt_lines.store_code || '|' || receipt_lines.receipt_no || '|' || receipt_lines.line_no
            as refund_key,
        'store|' || coalesce(sales.store_code, sales_of_cards.store_code, receipt_lines.store_code)
        || '|' || coalesce(sales.receipt_no, sales_of_cards.receipt_no, receipt_lines.receipt_no) as order_key,
        abs(receipt_lines.amount_fen) as amount_fen
    from receipt_lines
    left join sales
        on
            receipt_lines.brand = sales.brand
            and receipt_lines.store_code = sales.store_code
            and receipt_lines.original_receipt_no = sales.receipt_no
    left join sales_of_cards
        on
            receipt_lines.brand = sales_of_cards.brand
            and receipt_lines.original_receipt_no = sales_of_cards.receipt_no
            and receipt_lines.member_card = sales_of_cards.member_card
    where receipt_lines.sell_way = 'B'
)

select * from returned_lines
