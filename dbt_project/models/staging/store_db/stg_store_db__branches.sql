-- Grain: one row per brand and store.

with newest as (
    {{ newest_version(source('store_db', 'store_db__branches')) }}
),

renamed as (
    select
        account as brand,
        landed_on,
        first_landed_on,
        -- ids
        {{ json_text('payload', 'branch_no') }} as store_code,
        -- strings
        {{ json_text('payload', 'branch_name') }} as store_name,
        {{ json_text('payload', 'property') }} as property,
        {{ json_text('payload', 'trade_type') }} as trade_type
    from newest
    where not is_deleted
)

select * from renamed
