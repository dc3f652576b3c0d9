-- Grain: one line of an order of a shop at Pinduoduo, or one gift that goes with it.
select
    record_id,
    'pinduoduo|' || shop || '|' || order_sn || '|' || line_number as line_key,
    'pinduoduo|' || shop || '|' || order_sn as order_key,
    coalesce(outer_sku_id, 'pinduoduo|' || sku_id) as product_key,
    title,
    quantity,
    price_fen * quantity as weight_fen
from {{ ref('stg_pinduoduo__order_lines') }}
union all
select
    record_id,
    'pinduoduo|' || shop || '|' || order_sn || '|gift|' || gift_number as line_key,
    'pinduoduo|' || shop || '|' || order_sn as order_key,
    'pinduoduo|' || goods_id as product_key,
    title,
    quantity,
    0 as weight_fen
from {{ ref('stg_pinduoduo__order_gifts') }}
