-- Grain: one row per account and day, as last read.

with newest as (
    {{ newest_version(source('douyin_content', 'douyin_content__user_days')) }}
),

renamed as (
    select
        record_id,
        account as open_id,
        -- numerics
        {{ integer_number(json_text('payload', 'new_issue')) }} as new_videos,
        {{ integer_number(json_text('payload', 'total_issue')) }} as total_videos,
        {{ integer_number(json_text('payload', 'new_play')) }} as new_plays,
        {{ integer_number(json_text('payload', 'new_fans')) }} as new_fans,
        {{ integer_number(json_text('payload', 'total_fans')) }} as total_fans,
        {{ integer_number(json_text('payload', 'new_like')) }} as new_likes,
        {{ integer_number(json_text('payload', 'new_comment')) }} as new_comments,
        {{ integer_number(json_text('payload', 'new_share')) }} as new_shares,
        {{ integer_number(json_text('payload', 'profile_uv')) }} as profile_visitors,
        -- dates
        cast({{ json_text('payload', 'date') }} as date) as figures_on
    from newest
    where not is_deleted
)

select * from renamed
