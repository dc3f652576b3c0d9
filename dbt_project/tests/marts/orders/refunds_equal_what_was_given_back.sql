-- Every fen that went back for an order is counted against exactly one, per channel; what was cancelled without a
-- refund of its own apart.
with

given_back as (
    select
        'tmall' as channel,
        refund_fen,
        'tmall|' || shop || '|' || tid as order_key
    from {{ ref('stg_tmall__refunds') }}
    where status = 'SUCCESS'
    union all
    select
        'jd' as channel,
        refund_fen,
        'jd|' || app || '|' || order_id as order_key
    from {{ ref('stg_jd__after_sales') }}
    where is_refunded
    union all
    select
        'douyin_shop' as channel,
        refund_fen,
        'douyin_shop|' || app || '|' || order_id as order_key
    from {{ ref('stg_douyin_shop__after_sales') }}
    where is_refunded
    union all
    select
        'youzan' as channel,
        refund_fen,
        'youzan|' || kdt_id || '|' || tid as order_key
    from {{ ref('stg_youzan__refunds') }}
    where is_refunded
    union all
    select
        'wechat_store' as channel,
        refund_fen,
        'wechat_store|' || appid || '|' || order_id as order_key
    from {{ ref('stg_wechat_store__after_sales') }}
    where is_refunded
    union all
    select
        'pinduoduo' as channel,
        refund_fen,
        'pinduoduo|' || shop || '|' || order_sn as order_key
    from {{ ref('stg_pinduoduo__refunds') }}
    where is_refunded
),

online as (
    select
        given_back.channel,
        sum(given_back.refund_fen) as refund_fen
    from given_back
    inner join {{ ref('fct_orders') }} as orders on given_back.order_key = orders.order_key
    group by given_back.channel
),

over_the_counter as (
    select
        'store' as channel,
        sum(abs(amount_fen)) as refund_fen
    from {{ ref('int_receipt_lines__store') }}
    where sell_way = 'B'
),

expected as (
    select * from online
    union all
    select * from over_the_counter
),

counted as (
    select
        channel,
        sum(amount_fen) as amount_fen
    from {{ ref('fct_refunds') }}
    where refund_key not like '%|cancelled'
    group by channel
)

select
    expected.refund_fen,
    counted.amount_fen,
    coalesce(expected.channel, counted.channel) as channel
from expected
full outer join counted on expected.channel = counted.channel
where coalesce(expected.refund_fen, 0) <> coalesce(counted.amount_fen, 0)
