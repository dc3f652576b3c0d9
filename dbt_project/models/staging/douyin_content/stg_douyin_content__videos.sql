-- Grain: one row per account and video, newest version; who vanished stays with is_listed = false.

with newest as (
    {{ newest_version(source('douyin_content', 'douyin_content__videos')) }}
),

renamed as (
    select
        account as open_id,
        -- ids
        {{ json_text('payload', 'item_id') }} as item_id,
        -- strings
        {{ json_text('payload', 'title') }} as title,
        {{ json_text('payload', 'share_url') }} as share_url,
        {{ json_text('payload', 'media_type') }} as media_type,
        {{ json_text('payload', 'video_status') }} as video_status,
        -- numerics
        {{ integer_number(json_text('payload', 'statistics', 'play_count')) }} as plays,
        {{ integer_number(json_text('payload', 'statistics', 'digg_count')) }} as likes,
        {{ integer_number(json_text('payload', 'statistics', 'comment_count')) }} as comments,
        {{ integer_number(json_text('payload', 'statistics', 'share_count')) }} as shares,
        {{ integer_number(json_text('payload', 'statistics', 'download_count')) }} as downloads,
        {{ integer_number(json_text('payload', 'statistics', 'forward_count')) }} as forwards,
        {{ number(json_text('payload', 'base', 'avg_play_duration')) }} as avg_play_seconds,
        -- booleans
        not is_deleted as is_listed,
        -- timestamps
        {{ epoch_time(json_text('payload', 'create_time')) }} as created_at
    from newest
)

select * from renamed
