-- Grain: one order of which something was given back and of which it is to be said anew where it was bought: it changed
-- itself, or the online order that a till named when it took goods back. Empty when the marts are built anew.
with

online_orders as (
    select * from {{ changes_of(ref('fct_orders')) }} as changes
    where channel <> 'store'
),

returns as (select * from {{ ref('int_named_returns') }}),

refunds as (
    select * from {{ ref('fct_refunds') }}
    where channel = 'store'
),

changed as (
    select order_key from {{ ref('int_changed__orders') }}
    union
    select refunds.order_key
    from returns
    inner join refunds on returns.refund_key = refunds.refund_key
    where returns.original_receipt_no in (select online_orders.order_no from online_orders)
)

select order_key from changed
where {{ is_delta() }}
