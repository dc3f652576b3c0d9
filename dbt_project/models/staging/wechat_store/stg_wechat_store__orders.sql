-- Grain: one row per appid and order, newest version.

with newest as (
    {{ newest_version(source('wechat_store', 'wechat_store__orders')) }}
),

renamed as (
    select
        record_id,
        account as appid,
        landed_on,
        first_landed_on,
        -- ids
        {{ json_text('payload', 'order_id') }} as order_id,
        {{ json_text('payload', 'openid') }} as openid,
        {{ json_text('payload', 'unionid') }} as unionid,
        {{ json_text('payload', 'order_detail', 'pay_info', 'transaction_id') }} as transaction_id,
        {{ json_text('payload', 'order_detail', 'ext_info', 'finder_id') }} as finder_id,
        {{ json_text('payload', 'order_detail', 'ext_info', 'live_id') }} as live_id,
        {{ json_text('payload', 'order_detail', 'sharer_info', 'sharer_openid') }} as sharer_openid,
        {{ json_text('payload', 'order_detail', 'sharer_info', 'sharer_unionid') }} as sharer_unionid,
        -- strings
        {{ json_text('payload', 'status') }} as status,
        {{ json_text('payload', 'order_detail', 'ext_info', 'order_scene') }} as order_scene,
        -- numerics
        {{ integer_number(json_text('payload', 'order_detail', 'price_info', 'order_price')) }} as order_price_fen,
        {{ integer_number(json_text('payload', 'order_detail', 'price_info', 'freight')) }} as freight_fen,
        {{ integer_number(json_text('payload', 'order_detail', 'price_info', 'product_price')) }}
            as product_price_fen,
        {{ integer_number(json_text('payload', 'order_detail', 'price_info', 'discounted_price')) }}
            as discounted_price_fen,
        -- timestamps
        {{ epoch_time(json_text('payload', 'create_time')) }} as created_at,
        {{ epoch_time(json_text('payload', 'order_detail', 'pay_info', 'pay_time')) }} as paid_at,
        {{ epoch_time(json_text('payload', 'order_detail', 'ext_info', 'confirm_receipt_time')) }} as confirmed_at,
        {{ epoch_time(json_text('payload', 'update_time')) }} as updated_at
    from newest
    where not is_deleted
)

select * from renamed
