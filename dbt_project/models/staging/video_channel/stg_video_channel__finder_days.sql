-- Grain: one row per appid and day.

with newest as (
    {{ newest_version(source('video_channel', 'video_channel__finder_days')) }}
),

renamed as (
    select
        account as appid,
        landed_on,
        business_date as sold_on,
        -- numerics
        {{ integer_number(json_text('payload', 'pay_gmv')) }} as paid_fen,
        {{ integer_number(json_text('payload', 'live_pay_gmv')) }} as paid_in_lives_fen,
        {{ integer_number(json_text('payload', 'feed_pay_gmv')) }} as paid_in_videos_fen,
        {{ integer_number(json_text('payload', 'window_pay_gmv')) }} as paid_in_window_fen,
        {{ integer_number(json_text('payload', 'product_pay_gmv')) }} as paid_by_shared_goods_fen,
        {{ integer_number(json_text('payload', 'other_pay_gmv')) }} as paid_elsewhere_fen
    from newest
    where not is_deleted
)

select * from renamed
