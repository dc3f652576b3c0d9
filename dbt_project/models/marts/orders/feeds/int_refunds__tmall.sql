-- Grain: one refund of a paid Tmall trade that succeeded: asking for one moves no money.
select
    refunds.record_id,
    'tmall' as channel,
    cast(null as text) as store_code,
    refunds.refund_fen as amount_fen,
    'tmall|' || refunds.shop || '|' || refunds.refund_id as refund_key,
    'tmall|' || refunds.shop || '|' || refunds.tid as order_key,
    case when refunds.oid is not null then 'tmall|' || refunds.shop || '|' || refunds.oid end as line_key,
    coalesce(refunds.modified_at, refunds.created_at) as refunded_at
from {{ ref('stg_tmall__refunds') }} as refunds
inner join {{ ref('stg_tmall__trades') }} as trades
    on
        refunds.shop = trades.shop
        and refunds.tid = trades.tid
where
    refunds.status = 'SUCCESS'
    and trades.paid_at is not null
