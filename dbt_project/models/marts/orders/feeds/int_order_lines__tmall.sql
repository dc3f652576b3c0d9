-- Grain: one line of a paid Tmall trade.
select
    lines.record_id,
    'tmall|' || lines.shop || '|' || lines.oid as line_key,
    'tmall|' || lines.shop || '|' || lines.tid as order_key,
    coalesce(lines.outer_sku_id, 'tmall|' || lines.sku_id) as product_key,
    lines.title,
    cast(lines.quantity as numeric) as quantity,
    lines.divide_order_fee_fen as weight_fen
from {{ ref('stg_tmall__trade_lines') }} as lines
inner join {{ ref('stg_tmall__trades') }} as trades
    on
        lines.shop = trades.shop
        and lines.tid = trades.tid
where trades.paid_at is not null
