-- Grain: one row per brand, store, door and interval.

with newest as (
    {{ newest_version(source('store', 'store__footfall')) }}
),

renamed as (
    select
        record_id,
        account as brand,
        landed_on,
        -- ids
        {{ json_text('payload', 'store_code') }} as store_code,
        -- strings
        {{ json_text('payload', 'door') }} as door,
        {{ json_text('payload', 'interval_start') }} as interval_key,
        -- numerics
        {{ integer_number(json_text('payload', 'interval_minutes')) }} as interval_minutes,
        {{ integer_number(json_text('payload', 'in_count')) }} as in_count,
        {{ integer_number(json_text('payload', 'out_count')) }} as out_count,
        -- timestamps
        {{ shanghai_time(json_text('payload', 'interval_start')) }} as interval_started_at
    from newest
    where not is_deleted
)

select * from renamed
