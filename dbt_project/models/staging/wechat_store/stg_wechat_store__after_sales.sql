-- Grain: one row per appid and after-sale, newest version.

with newest as (
    {{ newest_version(source('wechat_store', 'wechat_store__after_sales')) }}
),

renamed as (
    select
        record_id,
        account as appid,
        landed_on,
        first_landed_on,
        -- ids
        {{ json_text('payload', 'after_sale_order_id') }} as after_sale_order_id,
        {{ json_text('payload', 'order_id') }} as order_id,
        {{ json_text('payload', 'openid') }} as openid,
        {{ json_text('payload', 'unionid') }} as unionid,
        {{ json_text('payload', 'product_info', 'product_id') }} as product_id,
        {{ json_text('payload', 'product_info', 'sku_id') }} as sku_id,
        -- strings
        {{ json_text('payload', 'status') }} as status,
        {{ json_text('payload', 'type') }} as type,
        {{ json_text('payload', 'reason') }} as reason,
        -- numerics
        {{ integer_number(json_text('payload', 'product_info', 'count')) }} as quantity,
        {{ integer_number(json_text('payload', 'refund_info', 'amount')) }} as refund_fen,
        -- booleans
        coalesce(
            {{ json_text('payload', 'status') }} in ('MERCHANT_REFUND_SUCCESS', 'MERCHANT_RETURN_SUCCESS'),
            false
        ) as is_refunded,
        -- timestamps
        {{ epoch_time(json_text('payload', 'create_time')) }} as created_at,
        {{ epoch_time(json_text('payload', 'update_time')) }} as updated_at
    from newest
    where not is_deleted
)

select * from renamed
