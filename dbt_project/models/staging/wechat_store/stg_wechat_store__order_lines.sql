-- Grain: one row per appid, order and line of the newest version of the order; a sku may fill several lines.

with newest as (
    {{ newest_version(source('wechat_store', 'wechat_store__orders')) }}
),

numbered as (
    select
        newest.record_id,
        newest.account as appid,
        {{ json_text('newest.payload', 'order_id') }} as order_id,
        line.value as payload,
        row_number() over (
            partition by newest.account, newest.record_key
            order by {{ json_text('line.value', 'sku_id') }}, cast(line.value as text)
        ) as line_number
    from newest
    cross join lateral {{ json_elements('newest.payload', 'order_detail', 'product_infos') }} as line (value)
    where not newest.is_deleted
),

renamed as (
    select
        record_id,
        appid,
        order_id,
        line_number,
        -- ids
        {{ json_text('payload', 'product_id') }} as product_id,
        {{ json_text('payload', 'sku_id') }} as sku_id,
        {{ json_text('payload', 'out_product_id') }} as out_product_id,
        {{ json_text('payload', 'out_sku_id') }} as out_sku_id,
        -- strings
        {{ json_text('payload', 'title') }} as title,
        {{ json_text('payload', 'sku_code') }} as sku_code,
        -- numerics
        {{ integer_number(json_text('payload', 'sku_cnt')) }} as quantity,
        {{ integer_number(json_text('payload', 'sale_price')) }} as sale_price_fen,
        {{ integer_number(json_text('payload', 'real_price')) }} as real_price_fen,
        {{ integer_number(json_text('payload', 'on_aftersale_sku_cnt')) }} as quantity_in_after_sale,
        {{ integer_number(json_text('payload', 'finish_aftersale_sku_cnt')) }} as quantity_after_sold
    from numbered
)

select * from renamed
