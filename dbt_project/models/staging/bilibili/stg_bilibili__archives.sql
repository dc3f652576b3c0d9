-- Grain: one row per account and video, newest version; videos that were taken down are kept.

with newest as (
    {{ newest_version(source('bilibili', 'bilibili__archives')) }}
),

renamed as (
    select
        account as account_id,
        is_deleted,
        landed_on,
        -- ids
        {{ json_text('payload', 'resource_id') }} as video_id,
        -- strings
        {{ json_text('payload', 'title') }} as title,
        {{ json_text('payload', 'tag') }} as tags,
        {{ json_text('payload', 'addit_info', 'state_desc') }} as state,
        {{ json_text('payload', 'video_info', 'share_url') }} as url,
        -- numerics
        {{ integer_number(json_text('payload', 'video_info', 'duration')) }} as duration_seconds,
        -- timestamps
        {{ epoch_time(json_text('payload', 'ctime')) }} as created_at,
        {{ epoch_time(json_text('payload', 'ptime')) }} as published_at
    from newest
)

select * from renamed
