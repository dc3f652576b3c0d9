-- Grain: one row per app and line of the newest version of its order.

with newest as (
    {{ newest_version(source('douyin_shop', 'douyin_shop__orders')) }}
),

lines as (
    select
        newest.record_id,
        newest.account as app,
        {{ json_text('newest.payload', 'order_id') }} as order_id,
        line.value as payload
    from newest
    cross join lateral {{ json_elements('newest.payload', 'sku_order_list') }} as line (value)
    where not newest.is_deleted
),

renamed as (
    select
        record_id,
        app,
        order_id,
        -- ids
        {{ json_text('payload', 'order_id') }} as sku_order_id,
        {{ json_text('payload', 'product_id') }} as product_id,
        {{ json_text('payload', 'sku_id') }} as sku_id,
        {{ json_text('payload', 'out_sku_id') }} as out_sku_id,
        nullif({{ json_text('payload', 'author_id') }}, '0') as author_id,
        nullif({{ json_text('payload', 'room_id') }}, '0') as room_id,
        {{ json_text('payload', 'store_info', 'store_id') }} as store_id,
        -- strings
        {{ json_text('payload', 'product_name') }} as product_name,
        {{ json_text('payload', 'code') }} as sku_code,
        {{ json_text('payload', 'author_name') }} as author_name,
        {{ json_text('payload', 'c_biz') }} as c_biz,
        {{ json_text('payload', 'after_sale_info', 'after_sale_status') }} as after_sale_status,
        -- numerics
        {{ integer_number(json_text('payload', 'item_num')) }} as quantity,
        {{ integer_number(json_text('payload', 'origin_amount')) }} as price_fen,
        {{ integer_number(json_text('payload', 'sum_amount')) }} as sum_fen,
        {{ integer_number(json_text('payload', 'pay_amount')) }} as paid_fen
    from lines
)

select * from renamed
