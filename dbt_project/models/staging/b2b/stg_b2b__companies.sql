-- Grain: one row per company, newest version.

with newest as (
    {{ newest_version(source('b2b', 'b2b__companies')) }}
),

renamed as (
    select
        account as brand,
        landed_on,
        first_landed_on,
        -- ids
        {{ json_text('payload', 'credit_code') }} as credit_code,
        -- strings
        {{ json_text('payload', 'company') }} as company,
        {{ json_text('payload', 'tier') }} as tier,
        {{ json_text('payload', 'city') }} as city,
        -- timestamps
        {{ zoned_time(json_text('payload', 'updated_at')) }} as updated_at
    from newest
    where not is_deleted
)

select * from renamed
