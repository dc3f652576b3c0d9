-- Grain: one line of an order of a WeChat Store.
select
    record_id,
    title,
    quantity,
    real_price_fen as weight_fen,
    'wechat_store|' || appid || '|' || order_id || '|' || line_number as line_key,
    'wechat_store|' || appid || '|' || order_id as order_key,
    coalesce(out_sku_id, sku_code, 'wechat_store|' || sku_id) as product_key
from {{ ref('stg_wechat_store__order_lines') }}
