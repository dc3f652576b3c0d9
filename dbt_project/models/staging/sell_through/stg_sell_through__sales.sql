-- Grain: one row per retailer, store, article and day.

with newest as (
    {{ newest_version(source('sell_through', 'sell_through__sales')) }}
),

renamed as (
    select
        account as brand,
        landed_on,
        first_landed_on,
        -- ids
        {{ json_text('payload', 'retailer') }} as retailer,
        {{ json_text('payload', 'store_code') }} as store_code,
        {{ json_text('payload', 'gtin') }} as gtin,
        -- numerics
        {{ integer_number(json_text('payload', 'quantity')) }} as quantity,
        {{ fen(json_text('payload', 'amount_yuan')) }} as amount_fen,
        -- dates
        cast({{ json_text('payload', 'sold_on') }} as date) as sold_on
    from newest
    where not is_deleted
)

select * from renamed
