-- Grain: one row per app and after-sale, newest version.

with newest as (
    {{ newest_version(source('douyin_shop', 'douyin_shop__after_sales')) }}
),

renamed as (
    select
        record_id,
        account as app,
        landed_on,
        first_landed_on,
        -- ids
        {{ json_text('payload', 'aftersale_info', 'aftersale_id') }} as aftersale_id,
        {{ json_text('payload', 'order_info', 'shop_order_id') }} as order_id,
        {{ json_text('payload', 'aftersale_info', 'related_id') }} as sku_order_id,
        -- strings
        {{ json_text('payload', 'aftersale_info', 'aftersale_type') }} as aftersale_type,
        {{ json_text('payload', 'aftersale_info', 'aftersale_status') }} as aftersale_status,
        {{ json_text('payload', 'aftersale_info', 'refund_status') }} as refund_status,
        -- numerics
        {{ integer_number(json_text('payload', 'aftersale_info', 'aftersale_num')) }} as quantity,
        {{ integer_number(json_text('payload', 'aftersale_info', 'refund_amount')) }} as refund_fen,
        {{ integer_number(json_text('payload', 'aftersale_info', 'refund_post_amount')) }} as refund_post_fen,
        -- booleans
        coalesce({{ json_text('payload', 'aftersale_info', 'aftersale_status') }} = '12', false)
        and coalesce({{ json_text('payload', 'aftersale_info', 'aftersale_type') }} in ('0', '1', '2', '6'), false)
            as is_refunded,
        -- timestamps
        {{ epoch_time(json_text('payload', 'aftersale_info', 'apply_time')) }} as applied_at,
        {{ epoch_time(json_text('payload', 'aftersale_info', 'update_time')) }} as updated_at
    from newest
    where not is_deleted
)

select * from renamed
