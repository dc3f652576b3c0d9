-- Grain: one row per account and post, newest version.

with newest as (
    {{ newest_version(source('weibo', 'weibo__statuses')) }}
),

texts as (
    select
        *,
        {{ json_text('payload', 'created_at') }} as posted
    from newest
),

renamed as (
    select
        account as account_id,
        landed_on,
        -- ids
        {{ json_text('payload', 'id') }} as post_id,
        -- strings
        {{ json_text('payload', 'text') }} as post_text,
        -- timestamps
        -- `Fri Nov 20 10:00:00 +0800 2026`: the year stands last, the zone is always China's.
        {{ shanghai_time("(substr(posted, 27, 4) || ' ' || substr(posted, 5, 15))") }} as posted_at
    from texts
)

select * from renamed
