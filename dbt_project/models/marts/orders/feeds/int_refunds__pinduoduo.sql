-- Grain: one refund of a paid order of a shop at Pinduoduo that moved money. It names the goods, not the line.
with

lines as (
    select
        shop,
        order_sn,
        sku_id,
        min(line_number) as line_number
    from {{ ref('stg_pinduoduo__order_lines') }}
    group by shop, order_sn, sku_id
)

select
    refunds.record_id,
    orders.order_key,
    'pinduoduo' as channel,
    cast(null as text) as store_code,
    refunds.updated_at as refunded_at,
    refunds.refund_fen as amount_fen,
    'pinduoduo|' || refunds.shop || '|' || refunds.refund_id as refund_key,
    orders.order_key || '|' || lines.line_number as line_key
from {{ ref('stg_pinduoduo__refunds') }} as refunds
inner join {{ ref('int_orders__pinduoduo') }} as orders
    on 'pinduoduo|' || refunds.shop || '|' || refunds.order_sn = orders.order_key
left join lines
    on
        refunds.shop = lines.shop
        and refunds.order_sn = lines.order_sn
        and refunds.sku_id = lines.sku_id
where refunds.is_refunded
