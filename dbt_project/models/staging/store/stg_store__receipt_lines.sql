-- Grain: one row per brand, store, receipt and line.

with newest as (
    {{ newest_version(source('store', 'store__receipts')) }}
),

renamed as (
    select
        record_id,
        account as brand,
        landed_on,
        first_landed_on,
        -- ids
        {{ json_text('payload', 'store_code') }} as store_code,
        {{ json_text('payload', 'receipt_no') }} as receipt_no,
        {{ json_text('payload', 'line_no') }} as line_no,
        {{ json_text('payload', 'original_receipt_no') }} as original_receipt_no,
        {{ json_text('payload', 'item_no') }} as item_no,
        {{ json_text('payload', 'member_card') }} as member_card,
        {{ json_text('payload', 'phone') }} as phone_token,
        {{ json_text('payload', 'guide_id') }} as guide_id,
        -- strings
        {{ json_text('payload', 'sell_way') }} as sell_way,
        {{ json_text('payload', 'pay_way') }} as pay_way,
        -- numerics
        {{ number(json_text('payload', 'quantity')) }} as quantity,
        {{ fen(json_text('payload', 'amount')) }}
        * case {{ json_text('payload', 'sell_way') }} when 'A' then 1 when 'B' then -1 else 0 end as amount_fen,
        -- timestamps
        {{ shanghai_time(json_text('payload', 'sold_at')) }} as sold_at
    from newest
    where not is_deleted
)

select * from renamed
