-- Grain: one day, channel of the order, channel of the return and store that took the goods back.
{{ config(
    materialized='tally', key=['returned_on', 'order_channel', 'return_channel', 'store_code'], count='refunds_count',
) }}

with

returned as (select * from {{ changes_of(ref('int_returns')) }} as changes),

fct_returns_daily as (
    select
        refunded_on as returned_on,
        order_channel,
        return_channel,
        store_code,
        cast(sum(sign) as bigint) as refunds_count,
        cast(sum(sign * amount_fen) as bigint) as amount_fen
    from returned
    group by refunded_on, order_channel, return_channel, store_code
)

select * from fct_returns_daily
