-- Grain: one row per shop and trade, newest version.

with newest as (
    {{ newest_version(source('youzan', 'youzan__trades')) }}
),

renamed as (
    select
        record_id,
        account as kdt_id,
        landed_on,
        first_landed_on,
        -- ids
        {{ json_text('payload', 'order_info', 'tid') }} as tid,
        {{ json_text('payload', 'buyer_info', 'yz_open_id') }} as yz_open_id,
        {{ json_text('payload', 'buyer_info', 'outer_user_id') }} as outer_user_id,
        {{ json_text('payload', 'buyer_info', 'outer_user_appid') }} as outer_user_appid,
        -- strings
        {{ json_text('payload', 'order_info', 'status') }} as status,
        {{ json_text('payload', 'order_info', 'type') }} as type,
        {{ json_text('payload', 'order_info', 'pay_type') }} as pay_type,
        {{ json_text('payload', 'order_info', 'express_type') }} as express_type,
        {{ json_text('payload', 'order_info', 'refund_state') }} as refund_state,
        {{ json_text('payload', 'source_info', 'source', 'platform') }} as source_platform,
        {{ json_text('payload', 'source_info', 'source', 'wx_entrance') }} as wx_entrance,
        {{ json_text('payload', 'address_info', 'delivery_province') }} as province,
        {{ json_text('payload', 'address_info', 'delivery_city') }} as city,
        {{ json_text('payload', 'address_info', 'delivery_district') }} as district,
        -- numerics
        {{ fen(json_text('payload', 'pay_info', 'total_fee')) }} as total_fen,
        {{ fen(json_text('payload', 'pay_info', 'post_fee')) }} as post_fen,
        {{ fen(json_text('payload', 'pay_info', 'payment')) }} as payment_fen,
        {{ fen(json_text('payload', 'pay_info', 'real_payment')) }} as real_payment_fen,
        -- booleans
        cast({{ json_text('payload', 'order_info', 'order_tags', 'is_member') }} as boolean) as is_member,
        coalesce(cast({{ json_text('payload', 'source_info', 'is_offline_order') }} as boolean), false)
            as is_offline_order,
        -- timestamps
        {{ shanghai_time(json_text('payload', 'order_info', 'created')) }} as created_at,
        {{ shanghai_time(json_text('payload', 'order_info', 'pay_time')) }} as paid_at,
        {{ shanghai_time(json_text('payload', 'order_info', 'consign_time')) }} as consigned_at,
        {{ shanghai_time(json_text('payload', 'order_info', 'success_time')) }} as succeeded_at,
        {{ shanghai_time(json_text('payload', 'order_info', 'update_time')) }} as updated_at
    from newest
    where not is_deleted
)

select * from renamed
