-- Grain: one line of a paid Tmall trade.
select
    order_lines.record_id,
    order_lines.title,
    cast(order_lines.quantity as numeric) as quantity,
    order_lines.divide_order_fee_fen as weight_fen,
    'tmall|' || order_lines.shop || '|' || order_lines.oid as line_key,
    'tmall|' || order_lines.shop || '|' || order_lines.tid as order_key,
    coalesce(order_lines.outer_sku_id, 'tmall|' || order_lines.sku_id) as product_key
from {{ ref('stg_tmall__trade_lines') }} as order_lines
inner join {{ ref('stg_tmall__trades') }} as trades
    on
        order_lines.shop = trades.shop
        and order_lines.tid = trades.tid
where trades.paid_at is not null
