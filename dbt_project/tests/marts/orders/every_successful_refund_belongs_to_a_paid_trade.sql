-- A refund of a trade that was never read is left out of the revenue: a person should know.
{{ config(severity='warn') }}

select refunds.refund_id
from {{ ref('stg_tmall__refunds') }} as refunds
left join {{ ref('fct_orders') }} as orders
    on 'tmall|' || refunds.shop || '|' || refunds.tid = orders.order_key
where
    refunds.status = 'SUCCESS'
    and orders.order_key is null
