-- A refund of an order that was never read is left out of the revenue: a person should know.
{{ config(severity='warn') }}

with

refunds as (
    select 'tmall|' || shop || '|' || refund_id as refund_key
    from {{ ref('stg_tmall__refunds') }}
    where status = 'SUCCESS'
    union all
    select 'jd|' || app || '|' || refund_id as refund_key
    from {{ ref('stg_jd__after_sales') }}
    where is_refunded
    union all
    select 'douyin_shop|' || app || '|' || aftersale_id as refund_key
    from {{ ref('stg_douyin_shop__after_sales') }}
    where is_refunded
    union all
    select 'youzan|' || kdt_id || '|' || refund_id as refund_key
    from {{ ref('stg_youzan__refunds') }}
    where is_refunded
    union all
    select 'wechat_store|' || appid || '|' || after_sale_order_id as refund_key
    from {{ ref('stg_wechat_store__after_sales') }}
    where is_refunded
    union all
    select 'pinduoduo|' || shop || '|' || refund_id as refund_key
    from {{ ref('stg_pinduoduo__refunds') }}
    where is_refunded
)

select refunds.refund_key
from refunds
left join {{ ref('fct_refunds') }} as counted on refunds.refund_key = counted.refund_key
where counted.refund_key is null
