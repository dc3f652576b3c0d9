-- Grain: one row per brand and tender line (com_no) of the tills.

with newest as (
    {{ newest_version(source('store_db', 'store_db__tenders')) }}
),

renamed as (
    select
        account as brand,
        landed_on,
        first_landed_on,
        -- ids
        {{ json_text('payload', 'com_no') }} as tender_id,
        {{ json_text('payload', 'branch_no') }} as store_code,
        {{ json_text('payload', 'flow_no') }} as receipt_no,
        {{ json_text('payload', 'voucher_no') }} as original_receipt_no,
        {{ json_text('payload', 'vip_no') }} as member_reference,
        {{ json_text('payload', 'cashier_no') }} as cashier_no,
        {{ json_text('payload', 'sale_man') }} as guide_id,
        {{ json_text('payload', 'counter_no') }} as counter_no,
        -- strings
        {{ json_text('payload', 'pay_way') }} as pay_way,
        {{ json_text('payload', 'sell_way') }} as sell_way,
        {{ json_text('payload', 'coin_no') }} as currency,
        -- numerics
        {{ number(json_text('payload', 'pay_amount')) }}
        * coalesce(nullif({{ number(json_text('payload', 'coin_rate')) }}, 0), 1) as yuan,
        -- timestamps
        {{ shanghai_time(json_text('payload', 'oper_date')) }} as paid_at
    from newest
    where not is_deleted
),

signed as (
    select
        brand,
        landed_on,
        first_landed_on,
        tender_id,
        store_code,
        receipt_no,
        original_receipt_no,
        member_reference,
        cashier_no,
        guide_id,
        counter_no,
        pay_way,
        sell_way,
        currency,
        -- What goes back over the counter is negative: returns whatever the till wrote, and change.
        cast(round(100 * case
            when sell_way = 'B' or pay_way = 'CHG' then -abs(yuan)
            else yuan
        end) as bigint) as amount_fen,
        paid_at
    from renamed
)

select * from signed
