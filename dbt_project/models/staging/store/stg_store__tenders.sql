-- Grain: one row per brand, store, receipt and tender.

with newest as (
    {{ newest_version(source('store', 'store__tenders')) }}
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
        {{ json_text('payload', 'tender_no') }} as tender_no,
        -- strings
        {{ json_text('payload', 'pay_way') }} as pay_way,
        -- numerics
        {{ fen(json_text('payload', 'amount')) }} as amount_fen,
        -- timestamps
        {{ shanghai_time(json_text('payload', 'paid_at')) }} as paid_at
    from newest
    where not is_deleted
)

select * from renamed
