-- Grain: one row per account, post and night on which its counts changed; each with the growth since the time before.
{% set post = ['account_id', 'post_id'] %}

with versions as (
    {{ nightly_versions(source('weibo', 'weibo__status_counts')) }}
),

renamed as (
    select
        record_id,
        account as account_id,
        landed_on,
        -- ids
        {{ json_text('payload', 'id') }} as post_id,
        -- numerics
        {{ integer_number(json_text('payload', 'reposts')) }} as reposts,
        {{ integer_number(json_text('payload', 'comments')) }} as comments,
        {{ integer_number(json_text('payload', 'attitudes')) }} as likes,
        -- dates
        counted_on
    from versions
),

status_count_nights as (
    select
        *,
        {{ growth('reposts', post) }} as new_reposts,
        {{ growth('comments', post) }} as new_comments,
        {{ growth('likes', post) }} as new_likes
    from renamed
)

select * from status_count_nights
