-- Grain: one row per lead.

with newest as (
    {{ newest_version(source('leads', 'leads__leads')) }}
),

renamed as (
    select
        record_id,
        account as brand,
        landed_on,
        first_landed_on,
        -- ids
        {{ json_text('payload', 'lead_id') }} as lead_id,
        {{ json_text('payload', 'store_code') }} as store_code,
        {{ json_text('payload', 'phone') }} as phone_token,
        {{ json_text('payload', 'name') }} as name_token,
        {{ json_text('payload', 'note') }} as note_token,
        -- strings
        {{ json_text('payload', 'origin') }} as origin,
        {{ json_text('payload', 'campaign') }} as campaign,
        {{ json_text('payload', 'consent') }} as consent,
        {{ json_text('payload', 'baby_birthday') }} as baby_birthday_mmdd,
        -- timestamps
        {{ zoned_time(json_text('payload', 'captured_at')) }} as captured_at
    from newest
    where not is_deleted
)

select * from renamed
