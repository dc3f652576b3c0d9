-- Grain: one row per shop and order (order_sn), newest version.

with newest as (
    {{ newest_version(source('pinduoduo', 'pinduoduo__orders')) }}
),

renamed as (
    select
        record_id,
        account as shop,
        landed_on,
        first_landed_on,
        -- ids
        {{ json_text('payload', 'order_sn') }} as order_sn,
        {{ json_text('payload', 'store_info', 'store_number') }} as store_number,
        -- strings
        {{ json_text('payload', 'order_status') }} as order_status,
        {{ json_text('payload', 'refund_status') }} as refund_status,
        {{ json_text('payload', 'after_sales_status') }} as after_sales_status,
        {{ json_text('payload', 'trade_type') }} as trade_type,
        {{ json_text('payload', 'pay_type') }} as pay_type,
        {{ json_text('payload', 'province') }} as province,
        {{ json_text('payload', 'city') }} as city,
        {{ json_text('payload', 'town') }} as town,
        -- numerics
        {{ fen(json_text('payload', 'goods_amount')) }} as goods_fen,
        {{ fen(json_text('payload', 'discount_amount')) }} as discount_fen,
        {{ fen(json_text('payload', 'platform_discount')) }} as platform_discount_fen,
        {{ fen(json_text('payload', 'seller_discount')) }} as seller_discount_fen,
        {{ fen(json_text('payload', 'postage')) }} as postage_fen,
        {{ fen(json_text('payload', 'pay_amount')) }} as pay_fen,
        -- booleans
        coalesce({{ json_text('payload', 'self_contained') }} = '1', false) as is_pick_up,
        -- timestamps
        {{ shanghai_time(json_text('payload', 'created_time')) }} as created_at,
        {{ shanghai_time(json_text('payload', 'pay_time')) }} as paid_at,
        {{ shanghai_time(json_text('payload', 'confirm_time')) }} as confirmed_at,
        {{ shanghai_time(json_text('payload', 'shipping_time')) }} as shipped_at,
        {{ shanghai_time(json_text('payload', 'receive_time')) }} as received_at,
        {{ shanghai_time(json_text('payload', 'updated_at')) }} as updated_at
    from newest
    where not is_deleted
)

select * from renamed
