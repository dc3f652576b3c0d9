-- Grain: one row per appid, day and article.

with newest as (
    {{ newest_version(source('official_account', 'official_account__article_summary')) }}
),

renamed as (
    select
        account as appid,
        landed_on,
        business_date as read_on,
        -- ids
        {{ json_text('payload', 'msgid') }} as article_id,
        -- strings
        {{ json_text('payload', 'title') }} as title,
        -- numerics
        {{ integer_number(json_text('payload', 'int_page_read_user')) }} as readers,
        {{ integer_number(json_text('payload', 'int_page_read_count')) }} as readings,
        {{ integer_number(json_text('payload', 'ori_page_read_user')) }} as original_readers,
        {{ integer_number(json_text('payload', 'ori_page_read_count')) }} as original_readings,
        {{ integer_number(json_text('payload', 'share_user')) }} as sharers,
        {{ integer_number(json_text('payload', 'share_count')) }} as shares,
        {{ integer_number(json_text('payload', 'add_to_fav_user')) }} as favouring,
        {{ integer_number(json_text('payload', 'add_to_fav_count')) }} as favourites
    from newest
    where not is_deleted
)

select * from renamed
