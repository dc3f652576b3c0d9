-- Grain: one row per appid and day.

with newest as (
    {{ newest_version(source('video_channel', 'video_channel__shop_days')) }}
),

renamed as (
    select
        account as appid,
        landed_on,
        business_date as sold_on,
        -- numerics
        {{ integer_number(json_text('payload', 'pay_gmv')) }} as paid_fen,
        {{ integer_number(json_text('payload', 'pay_uv')) }} as buyers,
        {{ integer_number(json_text('payload', 'pay_order_cnt')) }} as orders,
        {{ integer_number(json_text('payload', 'pay_refund_gmv')) }} as refunded_fen,
        {{ integer_number(json_text('payload', 'product_click_uv')) }} as product_viewers,
        {{ integer_number(json_text('payload', 'live_pay_gmv')) }} as paid_in_lives_fen,
        {{ integer_number(json_text('payload', 'feed_pay_gmv')) }} as paid_in_videos_fen
    from newest
    where not is_deleted
)

select * from renamed
