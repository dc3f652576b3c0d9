-- Grain: one row per day, platform and post.

with newest as (
    {{ newest_version(source('content_desk', 'content_desk__posts')) }}
),

renamed as (
    select
        record_id,
        account as brand,
        landed_on,
        first_landed_on,
        -- ids
        {{ json_text('payload', 'post_id') }} as post_id,
        -- strings
        {{ json_text('payload', 'platform') }} as platform,
        {{ json_text('payload', 'title') }} as title,
        -- numerics
        {{ integer_number(json_text('payload', 'reads')) }} as reads,
        {{ integer_number(json_text('payload', 'likes')) }} as likes,
        {{ integer_number(json_text('payload', 'comments')) }} as comments,
        {{ integer_number(json_text('payload', 'shares')) }} as shares,
        -- dates
        cast({{ json_text('payload', 'on_day') }} as date) as on_day,
        cast({{ json_text('payload', 'published_on') }} as date) as published_on
    from newest
    where not is_deleted
)

select * from renamed
