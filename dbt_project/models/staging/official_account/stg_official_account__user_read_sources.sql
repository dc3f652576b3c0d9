-- Grain: one row per appid, day and source; never all sources together.

with newest as (
    {{ newest_version(source('official_account', 'official_account__user_read')) }}
),

renamed as (
    select
        record_id,
        account as appid,
        landed_on,
        business_date as read_on,
        -- numerics
        {{ integer_number(json_text('payload', 'user_source')) }} as user_source,
        {{ integer_number(json_text('payload', 'int_page_read_user')) }} as readers,
        {{ integer_number(json_text('payload', 'int_page_read_count')) }} as readings,
        {{ integer_number(json_text('payload', 'ori_page_read_user')) }} as original_readers,
        {{ integer_number(json_text('payload', 'ori_page_read_count')) }} as original_readings,
        {{ integer_number(json_text('payload', 'share_user')) }} as sharers,
        {{ integer_number(json_text('payload', 'share_count')) }} as shares,
        {{ integer_number(json_text('payload', 'add_to_fav_user')) }} as favouring,
        {{ integer_number(json_text('payload', 'add_to_fav_count')) }} as favourites
    from newest
    where
        not is_deleted
        -- 99999999 is the sum of the others, and with them would count every reading twice.
        and {{ json_text('payload', 'user_source') }} <> '99999999'
)

select * from renamed
