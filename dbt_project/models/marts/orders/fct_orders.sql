-- Grain: one paid Tmall trade, or one store receipt with a sale; and a return whose sale is unknown, on its own.
with

trades as (select * from {{ ref('stg_tmall__trades') }}),

refunds as (select * from {{ ref('stg_tmall__refunds') }}),

receipt_lines as (select * from {{ ref('stg_store__receipt_lines') }}),

accounts as (select * from {{ ref('bridge_account_customer') }}),

-- A refund moves money when it succeeded, not when it was asked for.
refunded_trades as (
    select
        shop,
        tid,
        sum(refund_fen) as refunded_fen
    from refunds
    where status = 'SUCCESS'
    group by shop, tid
),

tmall_orders as (
    select
        'tmall|' || trades.shop || '|' || trades.tid as order_key,
        'tmall_buyer' as account_type,
        trades.shop as scope,
        trades.buyer_open_uid as account_id,
        'tmall' as channel,
        trades.paid_at as ordered_at,
        trades.retail_store_code as store_code,
        trades.payment_fen as gross_fen,
        coalesce(refunded_trades.refunded_fen, 0) as refunded_fen,
        true as is_paid
    from trades
    left join refunded_trades
        on
            trades.shop = refunded_trades.shop
            and trades.tid = refunded_trades.tid
    where trades.paid_at is not null
),

-- Gifts (C) cost nothing. Amounts are taken without their sign: sell_way says which way the money went.
receipts as (
    select
        brand,
        store_code,
        receipt_no,
        max(member_card) as member_card,
        min(sold_at) as sold_at,
        sum(case when sell_way = 'A' then abs(amount_fen) else 0 end) as gross_fen,
        bool_or(sell_way = 'A') as is_paid
    from receipt_lines
    group by brand, store_code, receipt_no
),

sales as (
    select
        brand,
        store_code,
        receipt_no,
        member_card
    from receipts
    where is_paid
),

-- Numbers repeat between stores: a return at another store is the same person's when the same card was shown.
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
        receipt_lines.brand,
        abs(receipt_lines.amount_fen) as refunded_fen,
        coalesce(sales.store_code, sales_of_cards.store_code, receipt_lines.store_code) as store_code,
        coalesce(sales.receipt_no, sales_of_cards.receipt_no, receipt_lines.receipt_no) as receipt_no
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
),

returned_receipts as (
    select
        brand,
        store_code,
        receipt_no,
        sum(refunded_fen) as refunded_fen
    from returned_lines
    group by brand, store_code, receipt_no
),

store_orders as (
    select
        'store|' || receipts.store_code || '|' || receipts.receipt_no as order_key,
        case when receipts.member_card is null then 'store_receipt' else 'store_member' end as account_type,
        receipts.brand as scope,
        coalesce(receipts.member_card, receipts.store_code || '|' || receipts.receipt_no) as account_id,
        'store' as channel,
        receipts.sold_at as ordered_at,
        receipts.store_code,
        receipts.gross_fen,
        coalesce(returned_receipts.refunded_fen, 0) as refunded_fen,
        receipts.is_paid
    from receipts
    left join returned_receipts
        on
            receipts.brand = returned_receipts.brand
            and receipts.store_code = returned_receipts.store_code
            and receipts.receipt_no = returned_receipts.receipt_no
    -- Neither sold nor took anything back for money: a gift, or a return that counts against its sale.
    where receipts.is_paid or returned_receipts.refunded_fen is not null
),

orders as (
    select * from tmall_orders
    union all
    select * from store_orders
),

fct_orders as (
    select
        orders.order_key,
        accounts.one_id,
        orders.channel,
        orders.ordered_at,
        {{ shanghai_date('orders.ordered_at') }} as ordered_on,
        orders.store_code,
        cast(orders.gross_fen as bigint) as gross_fen,
        cast(orders.refunded_fen as bigint) as refunded_fen,
        cast(orders.gross_fen - orders.refunded_fen as bigint) as net_fen,
        orders.is_paid
    from orders
    left join accounts
        on
            orders.account_type = accounts.account_type
            and orders.scope = accounts.scope
            and orders.account_id = accounts.account_id
)

select * from fct_orders
