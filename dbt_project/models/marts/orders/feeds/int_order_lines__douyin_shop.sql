-- Grain: one line of an order of a Douyin shop.
select
    record_id,
    product_name as title,
    quantity,
    paid_fen as weight_fen,
    'douyin_shop|' || app || '|' || sku_order_id as line_key,
    'douyin_shop|' || app || '|' || order_id as order_key,
    coalesce(out_sku_id, sku_code, 'douyin_shop|' || sku_id) as product_key
from {{ ref('stg_douyin_shop__order_lines') }}
