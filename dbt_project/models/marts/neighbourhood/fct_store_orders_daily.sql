-- Grain: one day, store, channel of the order and way in which the goods reached the buyer.
{{ config(
    materialized='tally', key=['ordered_on', 'store_code', 'order_channel', 'fulfilment'], count='orders_count',
) }}

with

orders as (
    select * from {{ changes_of(ref('fct_orders')) }} as changes
    where is_paid and store_code is not null
),

fct_store_orders_daily as (
    select
        ordered_on,
        store_code,
        channel as order_channel,
        fulfilment,
        cast(sum(sign) as bigint) as orders_count,
        cast(sum(sign * coalesce(gross_fen, 0)) as bigint) as gross_fen,
        cast(sum(sign * coalesce(net_fen, 0)) as bigint) as net_fen
    from orders
    group by ordered_on, store_code, channel, fulfilment
)

select * from fct_store_orders_daily
