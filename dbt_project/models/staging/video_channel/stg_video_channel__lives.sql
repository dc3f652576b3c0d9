-- Grain: one row per appid and live session.

with newest as (
    {{ newest_version(source('video_channel', 'video_channel__lives')) }}
),

renamed as (
    select
        record_id,
        account as appid,
        landed_on,
        -- ids
        {{ json_text('payload', 'export_id') }} as export_id,
        -- numerics
        {{ integer_number(json_text('payload', 'live_duration_in_seconds')) }} as duration_seconds,
        {{ integer_number(json_text('payload', 'total_audience_count')) }} as audience,
        {{ integer_number(json_text('payload', 'max_online_count')) }} as most_at_once,
        {{ integer_number(json_text('payload', 'audiences_avg_seconds')) }} as seconds_per_viewer,
        {{ integer_number(json_text('payload', 'total_cheer_count')) }} as cheers,
        {{ integer_number(json_text('payload', 'total_comment_count')) }} as comments,
        {{ integer_number(json_text('payload', 'forward_count')) }} as shares,
        {{ integer_number(json_text('payload', 'new_follow_count')) }} as new_followers,
        {{ integer_number(json_text('payload', 'new_follow_count_biz')) }} as new_official_account_followers,
        -- timestamps
        {{ epoch_time(json_text('payload', 'live_start_time')) }} as started_at
    from newest
    where not is_deleted
)

select * from renamed
