-- Grain: one row per shop and refund (id), newest version.

with newest as (
    {{ newest_version(source('pinduoduo', 'pinduoduo__refunds')) }}
),

renamed as (
    select
        record_id,
        account as shop,
        landed_on,
        first_landed_on,
        -- ids
        {{ json_text('payload', 'id') }} as refund_id,
        {{ json_text('payload', 'order_sn') }} as order_sn,
        {{ json_text('payload', 'goods_id') }} as goods_id,
        {{ json_text('payload', 'sku_id') }} as sku_id,
        {{ json_text('payload', 'outer_id') }} as outer_sku_id,
        -- strings
        {{ json_text('payload', 'after_sales_status') }} as status,
        {{ json_text('payload', 'after_sales_type') }} as type,
        {{ json_text('payload', 'after_sale_reason') }} as reason,
        -- numerics
        {{ integer_number(json_text('payload', 'goods_number')) }} as quantity,
        {{ fen(json_text('payload', 'refund_amount')) }} as refund_fen,
        -- booleans
        coalesce({{ json_text('payload', 'after_sales_status') }} = '10', false) as is_refunded,
        -- timestamps
        {{ shanghai_time(json_text('payload', 'created_time')) }} as created_at,
        {{ shanghai_time(json_text('payload', 'updated_time')) }} as updated_at
    from newest
    where not is_deleted
)

select * from renamed
