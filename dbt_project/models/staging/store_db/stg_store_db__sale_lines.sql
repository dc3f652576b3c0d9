-- Grain: one row per brand and item line (com_no) of the tills.

with newest as (
    {{ newest_version(source('store_db', 'store_db__sale_lines')) }}
),

renamed as (
    select
        record_id,
        account as brand,
        landed_on,
        first_landed_on,
        -- ids
        {{ json_text('payload', 'com_no') }} as line_id,
        {{ json_text('payload', 'branch_no') }} as store_code,
        {{ json_text('payload', 'flow_no') }} as receipt_no,
        {{ json_text('payload', 'flow_id') }} as line_no,
        {{ json_text('payload', 'item_no') }} as item_no,
        {{ json_text('payload', 'sale_man') }} as guide_id,
        {{ json_text('payload', 'counter_no') }} as counter_no,
        -- strings
        {{ json_text('payload', 'sell_way') }} as sell_way,
        -- numerics
        abs({{ number(json_text('payload', 'sale_qnty')) }}) as quantity,
        {{ fen(json_text('payload', 'source_price')) }} as list_price_fen,
        {{ fen(json_text('payload', 'sale_price')) }} as price_fen,
        {{ fen(json_text('payload', 'in_price')) }} as cost_price_fen,
        {{ fen(json_text('payload', 'pref_amt')) }} as discount_fen,
        -- Some tills write what comes back with a minus, some do not: only sell_way knows.
        abs({{ fen(json_text('payload', 'sale_money')) }})
        * case {{ json_text('payload', 'sell_way') }} when 'A' then 1 when 'B' then -1 else 0 end as amount_fen,
        -- timestamps
        {{ shanghai_time(json_text('payload', 'oper_date')) }} as sold_at,
        {{ shanghai_time(json_text('payload', 'uptime')) }} as uploaded_at
    from newest
    where not is_deleted
)

select * from renamed
