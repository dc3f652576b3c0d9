-- Grain: one refund, with the channel on which it was bought and the one on which it came back. A till that takes back
-- what was bought online books a receipt of its own and names the order.
{{ config(materialized='kept', key='order_key', scope='int_changed__returns', indexes=[{'columns': ['order_key']}]) }}

with

refunds as (
    select * from {{ ref('fct_refunds') }}
    {{ where_changed('order_key', ref('int_changed__returns')) }}
),

orders as (
    select * from {{ ref('fct_orders') }}
    {{ where_changed('order_key', ref('int_changed__returns')) }}
),

named_returns as (select * from {{ ref('int_named_returns') }}),

-- Shops number their orders on their own: a number that two of them gave says nothing.
online_orders as (
    select
        order_no,
        min(channel) as channel
    from {{ ref('fct_orders') }}
    where
        channel <> 'store'
        and is_paid
        and order_no in (select named_returns.original_receipt_no from named_returns)
    group by order_no
    having count(*) = 1
),

int_returns as (
    select
        refunds.refund_key,
        refunds.order_key,
        refunds.refunded_on,
        case
            when orders.is_paid then orders.channel
            else coalesce(online_orders.channel, 'unknown')
        end as order_channel,
        case when refunds.store_code is not null then 'store' else refunds.channel end as return_channel,
        coalesce(refunds.store_code, '') as store_code,
        coalesce(refunds.amount_fen, 0) as amount_fen
    from refunds
    left join orders on refunds.order_key = orders.order_key
    left join named_returns on refunds.refund_key = named_returns.refund_key
    left join online_orders on named_returns.original_receipt_no = online_orders.order_no
)

select * from int_returns
