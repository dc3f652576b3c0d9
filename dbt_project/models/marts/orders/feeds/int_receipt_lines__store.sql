-- Grain: one line of a till receipt, whichever way the tills are read: by their files (store) or their database
-- (store_db). Both tell of the same sales under numbers of their own, so on a day on which a store sent files only the
-- files are believed.
with

file_lines as (
    select
        record_id,
        brand,
        store_code,
        receipt_no,
        line_no,
        original_receipt_no,
        item_no,
        member_card,
        guide_id,
        sell_way,
        quantity,
        amount_fen,
        sold_at
    from {{ ref('stg_store__receipt_lines') }}
),

database_lines as (select * from {{ ref('stg_store_db__sale_lines') }}),

tenders as (select * from {{ ref('stg_store_db__tenders') }}),

members as (select * from {{ ref('stg_store_db__members') }}),

file_days as (
    select distinct
        brand,
        store_code,
        {{ shanghai_date('sold_at') }} as sold_on
    from file_lines
),

-- The card and the receipt that is returned stand on the tenders.
paid_receipts as (
    select
        brand,
        store_code,
        receipt_no,
        max(member_reference) as member_reference,
        max(original_receipt_no) as original_receipt_no
    from tenders
    group by brand, store_code, receipt_no
),

-- A till notes the system's id of the card or the number on it.
card_names as (
    select
        brand,
        reference,
        min(member_card) as member_card
    from (
        select
            brand,
            card_id as reference,
            member_card
        from members
        union all
        select
            brand,
            member_card as reference,
            member_card
        from members
    ) as names_of_cards
    group by brand, reference
),

untold_lines as (
    select
        database_lines.record_id,
        database_lines.brand,
        database_lines.store_code,
        database_lines.receipt_no,
        database_lines.line_id as line_no,
        paid_receipts.original_receipt_no,
        database_lines.item_no,
        card_names.member_card,
        database_lines.guide_id,
        database_lines.sell_way,
        database_lines.quantity,
        database_lines.amount_fen,
        database_lines.sold_at
    from database_lines
    left join file_days
        on
            database_lines.brand = file_days.brand
            and database_lines.store_code = file_days.store_code
            and {{ shanghai_date('database_lines.sold_at') }} = file_days.sold_on
    left join paid_receipts
        on
            database_lines.brand = paid_receipts.brand
            and database_lines.store_code = paid_receipts.store_code
            and database_lines.receipt_no = paid_receipts.receipt_no
    left join card_names
        on
            paid_receipts.brand = card_names.brand
            and paid_receipts.member_reference = card_names.reference
    where file_days.sold_on is null
)

select * from file_lines
union all
select * from untold_lines
