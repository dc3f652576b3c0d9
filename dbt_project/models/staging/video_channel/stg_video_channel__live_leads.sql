-- Grain: one row per appid, form in a session, and phone.

with newest as (
    {{ newest_version(source('video_channel', 'video_channel__live_leads')) }}
),

renamed as (
    select
        account as appid,
        landed_on,
        -- ids
        {{ json_text('payload', 'request_id') }} as request_id,
        {{ json_text('payload', 'component_id') }} as component_id,
        {{ json_text('payload', 'phone') }} as phone_token,
        -- strings
        {{ json_text('payload', 'live_description') }} as live_title,
        -- timestamps
        {{ epoch_time(json_text('payload', 'live_start_time')) }} as live_started_at
    from newest
    where not is_deleted
)

select * from renamed
