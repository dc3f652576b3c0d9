-- Grain: one line of a store receipt that was sold for money or given along.
select
    record_id,
    item_no as product_key,
    cast(null as text) as title,
    quantity,
    'store|' || store_code || '|' || receipt_no || '|' || line_no as line_key,
    'store|' || store_code || '|' || receipt_no as order_key,
    case when sell_way = 'A' then abs(amount_fen) else 0 end as weight_fen
from {{ ref('int_receipt_lines__store') }}
where sell_way <> 'B'
