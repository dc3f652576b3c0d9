-- Grain: one row per appid, article and day up to whose end its figures are totalled.

with newest as (
    {{ newest_version(source('official_account', 'official_account__article_total')) }}
),

totals as (
    select
        newest.account as appid,
        newest.landed_on,
        newest.business_date as published_on,
        {{ json_text('newest.payload', 'msgid') }} as article_id,
        {{ json_text('newest.payload', 'title') }} as title,
        detail.value as payload
    from newest
    cross join lateral {{ json_elements('newest.payload', 'details') }} as detail (value)
    where not newest.is_deleted
),

renamed as (
    select
        appid,
        landed_on,
        published_on,
        cast({{ json_text('payload', 'stat_date') }} as date) as totalled_until,
        -- ids
        article_id,
        -- strings
        title,
        -- numerics
        {{ integer_number(json_text('payload', 'target_user')) }} as recipients,
        {{ integer_number(json_text('payload', 'int_page_read_user')) }} as readers,
        {{ integer_number(json_text('payload', 'int_page_read_count')) }} as readings,
        {{ integer_number(json_text('payload', 'ori_page_read_user')) }} as original_readers,
        {{ integer_number(json_text('payload', 'ori_page_read_count')) }} as original_readings,
        {{ integer_number(json_text('payload', 'share_user')) }} as sharers,
        {{ integer_number(json_text('payload', 'share_count')) }} as shares,
        {{ integer_number(json_text('payload', 'add_to_fav_user')) }} as favouring,
        {{ integer_number(json_text('payload', 'add_to_fav_count')) }} as favourites,
        {{ integer_number(json_text('payload', 'int_page_from_session_read_user')) }} as readers_from_chat,
        {{ integer_number(json_text('payload', 'int_page_from_session_read_count')) }} as readings_from_chat,
        {{ integer_number(json_text('payload', 'int_page_from_hist_msg_read_user')) }} as readers_from_history,
        {{ integer_number(json_text('payload', 'int_page_from_hist_msg_read_count')) }} as readings_from_history,
        {{ integer_number(json_text('payload', 'int_page_from_feed_read_user')) }} as readers_from_moments,
        {{ integer_number(json_text('payload', 'int_page_from_feed_read_count')) }} as readings_from_moments,
        {{ integer_number(json_text('payload', 'int_page_from_friends_read_user')) }} as readers_from_friends,
        {{ integer_number(json_text('payload', 'int_page_from_friends_read_count')) }} as readings_from_friends,
        {{ integer_number(json_text('payload', 'int_page_from_other_read_user')) }} as readers_from_elsewhere,
        {{ integer_number(json_text('payload', 'int_page_from_other_read_count')) }} as readings_from_elsewhere,
        {{ integer_number(json_text('payload', 'int_page_from_kanyikan_read_user')) }} as readers_from_top_stories,
        {{ integer_number(json_text('payload', 'int_page_from_kanyikan_read_count')) }} as readings_from_top_stories,
        {{ integer_number(json_text('payload', 'int_page_from_souyisou_read_user')) }} as readers_from_search,
        {{ integer_number(json_text('payload', 'int_page_from_souyisou_read_count')) }} as readings_from_search,
        {{ integer_number(json_text('payload', 'feed_share_from_session_user')) }} as sharers_from_chat,
        {{ integer_number(json_text('payload', 'feed_share_from_session_cnt')) }} as shares_from_chat,
        {{ integer_number(json_text('payload', 'feed_share_from_feed_user')) }} as sharers_from_moments,
        {{ integer_number(json_text('payload', 'feed_share_from_feed_cnt')) }} as shares_from_moments,
        {{ integer_number(json_text('payload', 'feed_share_from_other_user')) }} as sharers_from_elsewhere,
        {{ integer_number(json_text('payload', 'feed_share_from_other_cnt')) }} as shares_from_elsewhere
    from totals
)

select * from renamed
