-- Grain: one row per brand and store; a store that left the directory stays with is_listed = false.

with newest as (
    {{ newest_version(source('store', 'store__stores')) }}
),

renamed as (
    select
        record_id,
        account as brand,
        landed_on,
        -- ids
        {{ json_text('payload', 'store_code') }} as store_code,
        -- strings
        {{ json_text('payload', 'store_name') }} as store_name,
        {{ json_text('payload', 'province') }} as province,
        {{ json_text('payload', 'city') }} as city,
        {{ json_text('payload', 'district') }} as district,
        -- numerics
        {{ number(json_text('payload', 'longitude')) }} as longitude,
        {{ number(json_text('payload', 'latitude')) }} as latitude,
        -- booleans
        not is_deleted as is_listed,
        -- dates
        cast({{ json_text('payload', 'opened_on') }} as date) as opened_on,
        cast({{ json_text('payload', 'closed_on') }} as date) as closed_on
    from newest
)

select * from renamed
