-- Grain: one line of a trade of a mall at Youzan.
select
    record_id,
    title,
    quantity,
    payment_fen as weight_fen,
    'youzan|' || kdt_id || '|' || oid as line_key,
    'youzan|' || kdt_id || '|' || tid as order_key,
    coalesce(outer_sku_id, 'youzan|' || sku_id) as product_key
from {{ ref('stg_youzan__trade_lines') }}
