-- Grain: one row per brand and visit.

with newest as (
    {{ newest_version(source('store', 'store__visits')) }}
),

renamed as (
    select
        record_id,
        account as brand,
        landed_on,
        first_landed_on,
        -- ids
        {{ json_text('payload', 'visit_id') }} as visit_id,
        {{ json_text('payload', 'store_code') }} as store_code,
        {{ json_text('payload', 'member_card') }} as member_card,
        {{ json_text('payload', 'unionid') }} as unionid,
        {{ json_text('payload', 'phone_hash') }} as phone_hash_token,
        {{ json_text('payload', 'guide_id') }} as guide_id,
        -- strings
        {{ json_text('payload', 'channel') }} as channel,
        -- timestamps
        {{ shanghai_time(json_text('payload', 'visited_at')) }} as visited_at
    from newest
    where not is_deleted
)

select * from renamed
