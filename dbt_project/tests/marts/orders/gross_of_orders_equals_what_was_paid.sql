-- Every fen that came in is in exactly one order, per channel.
with

jd_orders as (
    select * from {{ ref('stg_jd__orders') }}
),

paid as (
    select
        'tmall' as channel,
        payment_fen as paid_fen
    from {{ ref('stg_tmall__trades') }}
    where paid_at is not null
    union all
    select
        'jd' as channel,
        parts.payment_fen as paid_fen
    from jd_orders as parts
    left join jd_orders as children
        on
            parts.app = children.app
            and parts.order_id = children.parent_order_id
    where
        children.order_id is null
        and (parts.paid_at is not null or (parts.pay_type = '1' and parts.state = 'FINISHED_L'))
    union all
    select
        'douyin_shop' as channel,
        paid_fen
    from {{ ref('stg_douyin_shop__orders') }}
    where paid_at is not null
    union all
    select
        'youzan' as channel,
        payment_fen as paid_fen
    from {{ ref('stg_youzan__trades') }}
    where
        paid_at is not null
        and coalesce(type, '0') not in ('3', '4', '7', '8', '81')
        and ({{ var('orders_youzan_tills') | lower }} or not (is_offline_order or coalesce(type, '0') = '61'))
    union all
    select
        'wechat_store' as channel,
        order_price_fen as paid_fen
    from {{ ref('stg_wechat_store__orders') }}
    where paid_at is not null
    union all
    select
        'pinduoduo' as channel,
        pay_fen as paid_fen
    from {{ ref('stg_pinduoduo__orders') }}
    where coalesce(paid_at, confirmed_at) is not null
    union all
    select
        'store' as channel,
        abs(amount_fen) as paid_fen
    from {{ ref('int_receipt_lines__store') }}
    where sell_way = 'A'
),

paid_by_channel as (
    select
        channel,
        sum(paid_fen) as paid_fen
    from paid
    group by channel
),

orders_by_channel as (
    select
        channel,
        sum(gross_fen) as gross_fen
    from {{ ref('fct_orders') }}
    group by channel
)

select
    paid_by_channel.paid_fen,
    orders_by_channel.gross_fen,
    coalesce(paid_by_channel.channel, orders_by_channel.channel) as channel
from paid_by_channel
full outer join orders_by_channel on paid_by_channel.channel = orders_by_channel.channel
where coalesce(paid_by_channel.paid_fen, 0) <> coalesce(orders_by_channel.gross_fen, 0)
