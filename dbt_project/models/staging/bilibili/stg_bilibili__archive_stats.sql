-- Grain: one row per account, video and night on which its sums changed; each with the growth since the time before.

with versions as (
    select
        account,
        version,
        landed_on,
        {{ as_jsonb('payload') }} as payload
    from {{ source('bilibili', 'bilibili__archive_stats') }}
    where landed_on <= {{ business_date() }} and not is_deleted
),

renamed as (
    select
        account as account_id,
        landed_on,
        -- ids
        {{ json_text('payload', 'resource_id') }} as video_id,
        -- numerics
        {{ integer_number(json_text('payload', 'view')) }} as view_count,
        {{ integer_number(json_text('payload', 'danmaku')) }} as danmaku,
        {{ integer_number(json_text('payload', 'reply')) }} as replies,
        {{ integer_number(json_text('payload', 'favorite')) }} as favorites,
        {{ integer_number(json_text('payload', 'coin')) }} as coins,
        {{ integer_number(json_text('payload', 'share')) }} as shares,
        {{ integer_number(json_text('payload', 'like')) }} as likes,
        -- dates
        cast(version as date) as counted_on
    from versions
),

archive_stats as (
    select
        *,
        lag(counted_on) over (partition by account_id, video_id order by counted_on) as counted_before_on,
        view_count - lag(view_count) over (partition by account_id, video_id order by counted_on) as new_views,
        likes - lag(likes) over (partition by account_id, video_id order by counted_on) as new_likes,
        replies - lag(replies) over (partition by account_id, video_id order by counted_on) as new_replies,
        favorites - lag(favorites) over (partition by account_id, video_id order by counted_on) as new_favorites,
        shares - lag(shares) over (partition by account_id, video_id order by counted_on) as new_shares
    from renamed
)

select * from archive_stats
