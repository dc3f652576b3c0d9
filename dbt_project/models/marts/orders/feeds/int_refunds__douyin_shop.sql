-- Grain: one after-sale of a paid order of a Douyin shop that moved money, before sending or after. It names a line, or
-- the whole order.
select
    refunds.record_id,
    orders.order_key,
    'douyin_shop' as channel,
    cast(null as text) as store_code,
    refunds.updated_at as refunded_at,
    refunds.refund_fen as amount_fen,
    'douyin_shop|' || refunds.app || '|' || refunds.aftersale_id as refund_key,
    case
        when refunds.sku_order_id <> refunds.order_id
            then 'douyin_shop|' || refunds.app || '|' || refunds.sku_order_id
    end as line_key
from {{ ref('stg_douyin_shop__after_sales') }} as refunds
inner join {{ ref('int_orders__douyin_shop') }} as orders
    on 'douyin_shop|' || refunds.app || '|' || refunds.order_id = orders.order_key
where refunds.is_refunded
