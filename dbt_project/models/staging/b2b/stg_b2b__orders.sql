-- Grain: one row per order, newest version.

with newest as (
    {{ newest_version(source('b2b', 'b2b__orders')) }}
),

renamed as (
    select
        account as brand,
        landed_on,
        first_landed_on,
        -- ids
        {{ json_text('payload', 'order_no') }} as order_no,
        {{ json_text('payload', 'credit_code') }} as credit_code,
        {{ json_text('payload', 'sku') }} as sku,
        -- strings
        {{ json_text('payload', 'status') }} as status,
        -- numerics
        {{ integer_number(json_text('payload', 'quantity')) }} as quantity,
        {{ fen(json_text('payload', 'amount_yuan')) }} as amount_fen,
        -- timestamps
        {{ zoned_time(json_text('payload', 'ordered_at')) }} as ordered_at,
        {{ zoned_time(json_text('payload', 'updated_at')) }} as updated_at
    from newest
    where not is_deleted
)

select * from renamed
