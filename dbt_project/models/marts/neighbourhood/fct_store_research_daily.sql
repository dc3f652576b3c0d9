-- Grain: one day, store and online channel on which the buyers of the day had last looked something up.
{{ config(materialized='tally', key=['ordered_on', 'store_code', 'research_channel'], count='orders_count') }}

with

orders as (select * from {{ changes_of(ref('fct_store_research')) }} as changes),

fct_store_research_daily as (
    select
        ordered_on,
        research_channel,
        cast(sum(sign) as bigint) as orders_count,
        cast(sum(sign * coalesce(net_fen, 0)) as bigint) as net_fen,
        coalesce(store_code, '') as store_code
    from orders
    group by ordered_on, coalesce(store_code, ''), research_channel
)

select * from fct_store_research_daily
