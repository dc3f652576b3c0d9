-- Grain: one paid order; and a return whose sale is unknown, on its own. A source is admitted by its name in the list.
{{ config(materialized='kept', key='order_key', scope='int_changed__orders', indexes=[
    {'columns': ['one_id']}, {'columns': ['account_key']},
]) }}
{% set admitted = ['tmall', 'jd', 'douyin_shop', 'youzan', 'wechat_store', 'pinduoduo', 'store'] %}

with

orders as (
    {% for source in admitted %}
        select
            order_key,
            order_no,
            account_type,
            scope,
            account_id,
            channel,
            shop,
            ordered_at,
            store_code,
            staff_code,
            live_room_key,
            creator_key,
            province,
            city,
            fulfilment,
            gross_fen,
            is_paid
        from {{ ref('int_orders__' ~ source) }}
        {{ where_changed('order_key', ref('int_changed__orders')) }}
        {% if not loop.last %}union all{% endif %}
    {% endfor %}
),

refunds as (
    select
        order_key,
        sum(amount_fen) as refunded_fen
    from {{ ref('fct_refunds') }}
    {{ where_changed('order_key', ref('int_changed__orders')) }}
    group by order_key
),

accounts as (select * from {{ ref('bridge_account_customer') }}),

keyed as (
    select
        *,
        {{ account_key('account_type', 'scope', 'account_id') }} as account_key
    from orders
),

fct_orders as (
    select
        keyed.order_key,
        keyed.order_no,
        accounts.one_id,
        keyed.account_key,
        keyed.channel,
        keyed.shop,
        keyed.ordered_at,
        {{ shanghai_date('keyed.ordered_at') }} as ordered_on,
        keyed.store_code,
        keyed.staff_code,
        keyed.live_room_key,
        keyed.creator_key,
        keyed.province,
        keyed.city,
        keyed.fulfilment,
        cast(keyed.gross_fen as bigint) as gross_fen,
        cast(coalesce(refunds.refunded_fen, 0) as bigint) as refunded_fen,
        cast(keyed.gross_fen - coalesce(refunds.refunded_fen, 0) as bigint) as net_fen,
        keyed.is_paid
    from keyed
    left join refunds on keyed.order_key = refunds.order_key
    left join accounts on keyed.account_key = accounts.account_key
)

select * from fct_orders
