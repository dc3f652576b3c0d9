-- Grain: one line of a Tmall trade.
select
    record_id,
    title,
    cast(quantity as numeric) as quantity,
    divide_order_fee_fen as weight_fen,
    'tmall|' || shop || '|' || oid as line_key,
    'tmall|' || shop || '|' || tid as order_key,
    coalesce(outer_sku_id, 'tmall|' || sku_id) as product_key
from {{ ref('stg_tmall__trade_lines') }}
