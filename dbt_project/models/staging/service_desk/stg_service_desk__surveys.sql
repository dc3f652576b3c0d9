-- Grain: one row per answer.

with newest as (
    {{ newest_version(source('service_desk', 'service_desk__surveys')) }}
),

renamed as (
    select
        record_id,
        account as brand,
        landed_on,
        first_landed_on,
        -- ids
        {{ json_text('payload', 'survey_id') }} as survey_id,
        {{ json_text('payload', 'store_code') }} as store_code,
        {{ json_text('payload', 'member_card') }} as member_card,
        {{ json_text('payload', 'unionid') }} as unionid,
        {{ json_text('payload', 'comment') }} as comment_token,
        -- strings
        {{ json_text('payload', 'touchpoint') }} as touchpoint,
        -- numerics
        {{ integer_number(json_text('payload', 'score')) }} as score,
        -- timestamps
        {{ zoned_time(json_text('payload', 'answered_at')) }} as answered_at
    from newest
    where not is_deleted
)

select * from renamed
