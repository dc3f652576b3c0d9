-- Grain: one refund of a paid trade of a mall at Youzan that succeeded; of which line it is the platform does not say.
select
    refunds.record_id,
    orders.order_key,
    cast(null as text) as line_key,
    'youzan' as channel,
    cast(null as text) as store_code,
    refunds.modified_at as refunded_at,
    refunds.refund_fen as amount_fen,
    'youzan|' || refunds.kdt_id || '|' || refunds.refund_id as refund_key
from {{ ref('stg_youzan__refunds') }} as refunds
inner join {{ ref('int_orders__youzan') }} as orders
    on 'youzan|' || refunds.kdt_id || '|' || refunds.tid = orders.order_key
where refunds.is_refunded
