-- Grain: one row per account and post, newest version: its counts since it was posted.

with newest as (
    {{ newest_version(source('weibo', 'weibo__status_counts')) }}
),

renamed as (
    select
        account as account_id,
        landed_on,
        -- ids
        {{ json_text('payload', 'id') }} as post_id,
        -- numerics
        {{ integer_number(json_text('payload', 'reposts')) }} as reposts,
        {{ integer_number(json_text('payload', 'comments')) }} as comments,
        {{ integer_number(json_text('payload', 'attitudes')) }} as likes,
        -- dates
        cast(version as date) as counted_on
    from newest
)

select * from renamed
