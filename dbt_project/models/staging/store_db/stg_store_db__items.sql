-- Grain: one row per brand and item.

with newest as (
    {{ newest_version(source('store_db', 'store_db__items')) }}
),

renamed as (
    select
        account as brand,
        landed_on,
        first_landed_on,
        -- ids
        {{ json_text('payload', 'item_no') }} as item_no,
        {{ json_text('payload', 'item_subno') }} as barcode,
        {{ json_text('payload', 'item_clsno') }} as class_no,
        -- strings
        {{ json_text('payload', 'item_name') }} as title,
        {{ json_text('payload', 'item_brandname') }} as brand_name,
        {{ json_text('payload', 'item_size') }} as specification,
        {{ json_text('payload', 'unit_no') }} as unit,
        {{ json_text('payload', 'status') }} as status,
        -- numerics
        {{ fen(json_text('payload', 'sale_price')) }} as price_fen
    from newest
    where not is_deleted
)

select * from renamed
