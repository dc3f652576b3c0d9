-- Grain: one row per account, video and night on which its sums changed; each with the growth since the time before.
{% set post = ['account_id', 'video_id'] %}

with versions as (
    {{ nightly_versions(source('bilibili', 'bilibili__archive_stats')) }}
),

renamed as (
    select
        record_id,
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
        counted_on
    from versions
),

archive_stats as (
    select
        *,
        lag(counted_on) over (partition by account_id, video_id order by counted_on) as counted_before_on,
        {{ growth('view_count', post) }} as new_views,
        {{ growth('likes', post) }} as new_likes,
        {{ growth('replies', post) }} as new_replies,
        {{ growth('favorites', post) }} as new_favorites,
        {{ growth('shares', post) }} as new_shares
    from renamed
)

select * from archive_stats
