-- Grain: one row per appid, day, form and phone.

with newest as (
    {{ newest_version(source('video_channel', 'video_channel__leads')) }}
),

renamed as (
    select
        record_id,
        account as appid,
        landed_on,
        first_landed_on,
        business_date as left_on,
        -- ids
        {{ json_text('payload', 'component_id') }} as component_id,
        {{ json_text('payload', 'phone') }} as phone_token
    from newest
    where not is_deleted
)

select * from renamed
