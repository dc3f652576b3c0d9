-- Every fen that came in is in exactly one order, per channel.
with

paid as (
    select
        'tmall' as channel,
        payment_fen as paid_fen
    from {{ ref('stg_tmall__trades') }}
    where paid_at is not null
    union all
    select
        'store' as channel,
        abs(amount_fen) as paid_fen
    from {{ ref('stg_store__receipt_lines') }}
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
