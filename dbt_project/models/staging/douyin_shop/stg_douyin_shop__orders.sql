-- Grain: one row per app and order, newest version.

with newest as (
    {{ newest_version(source('douyin_shop', 'douyin_shop__orders')) }}
),

renamed as (
    select
        record_id,
        account as app,
        landed_on,
        first_landed_on,
        -- ids
        {{ json_text('payload', 'order_id') }} as order_id,
        {{ json_text('payload', 'shop_id') }} as shop_id,
        {{ json_text('payload', 'doudian_open_id') }} as doudian_open_id,
        {{ json_text('payload', 'post_tel_index') }} as phone_index,
        -- strings
        {{ json_text('payload', 'order_status') }} as order_status,
        {{ json_text('payload', 'main_status') }} as main_status,
        {{ json_text('payload', 'order_type') }} as order_type,
        {{ json_text('payload', 'trade_type') }} as trade_type,
        {{ json_text('payload', 'b_type') }} as b_type,
        {{ json_text('payload', 'post_addr', 'province', 'name') }} as province,
        {{ json_text('payload', 'post_addr', 'city', 'name') }} as city,
        {{ json_text('payload', 'post_addr', 'town', 'name') }} as town,
        -- numerics
        {{ integer_number(json_text('payload', 'order_amount')) }} as order_amount_fen,
        {{ integer_number(json_text('payload', 'pay_amount')) }} as paid_fen,
        {{ integer_number(json_text('payload', 'post_amount')) }} as post_fen,
        {{ integer_number(json_text('payload', 'promotion_amount')) }} as promotion_fen,
        {{ integer_number(json_text('payload', 'promotion_shop_amount')) }} as promotion_shop_fen,
        {{ integer_number(json_text('payload', 'promotion_platform_amount')) }} as promotion_platform_fen,
        {{ integer_number(json_text('payload', 'promotion_talent_amount')) }} as promotion_talent_fen,
        -- timestamps
        {{ epoch_time(json_text('payload', 'create_time')) }} as created_at,
        {{ epoch_time(json_text('payload', 'pay_time')) }} as paid_at,
        {{ epoch_time(json_text('payload', 'ship_time')) }} as shipped_at,
        {{ epoch_time(json_text('payload', 'finish_time')) }} as finished_at,
        {{ epoch_time(json_text('payload', 'update_time')) }} as updated_at
    from newest
    where not is_deleted
)

select * from renamed
