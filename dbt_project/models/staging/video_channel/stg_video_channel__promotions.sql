-- Grain: one row per appid, form and live session.

with newest as (
    {{ newest_version(source('video_channel', 'video_channel__promotions')) }}
),

renamed as (
    select
        account as appid,
        landed_on,
        -- ids
        {{ json_text('payload', 'component_id') }} as component_id,
        -- strings
        {{ json_text('payload', 'live_description') }} as live_title,
        -- numerics
        {{ integer_number(json_text('payload', 'exposure_uv')) }} as viewers,
        {{ integer_number(json_text('payload', 'click_uv')) }} as clickers,
        {{ integer_number(json_text('payload', 'leads_num')) }} as leads,
        -- timestamps
        {{ epoch_time(json_text('payload', 'live_start_time')) }} as live_started_at
    from newest
    where not is_deleted
)

select * from renamed
